"""Start at log-in, in the way of each system: `units.py` says how, `install.py` does it."""
