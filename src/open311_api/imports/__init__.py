"""History and open data coming in: a table of a city's past requests becomes requests of a jurisdiction."""
