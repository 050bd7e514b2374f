"""What is written out reads back as the same city, whatever its names and codes look like."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings

from cities import cities
from open311_api.cities.city import City
from open311_api.cities.reading import read_city_file
from open311_api.cities.writing import write_city


@settings(max_examples=60, deadline=None)
@given(cities())
def test_a_city_written_out_reads_back_the_same(city: City) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert read_city_file(write_city(city, Path(folder))[0]).city == city
