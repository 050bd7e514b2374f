"""open311-api: a complete Open311 GeoReport v2 server on PostGIS."""

__version__ = "0.1.0"
