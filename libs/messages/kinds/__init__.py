"""Every message kind, by business noun. A kind is a class here and a row in registry.py."""
