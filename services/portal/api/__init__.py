"""The portal's HTTP API, by what it is about."""
