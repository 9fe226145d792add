"""The demo: the product's main job played on the real stack, told while it happens."""
