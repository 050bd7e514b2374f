"""The city file: one YAML document that describes a city, and the demo city written with it."""
