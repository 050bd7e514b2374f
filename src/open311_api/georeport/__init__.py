"""Open311 GeoReport v2 as specified: the public face."""
