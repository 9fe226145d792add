"""The sandbox insurer: bookings, underwriting, policies."""
