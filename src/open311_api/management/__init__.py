"""The JSON API of the back office, at /api/v1."""
