"""Fixtures for every test; the stores start only when a test asks for them."""

pytest_plugins = ["tests.support.stack", "tests.support.stores", "tests.support.time_limit"]
