"""Libraries that every service stands on. No library imports a service."""
