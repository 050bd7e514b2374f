"""GDAL's ogrinfo reads the GeoJSON list from its address, as QGIS and every other user of GDAL does."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from served_city import JURISDICTION, ServedCity, served_riverton

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("ogrinfo") is None, reason="ogrinfo is not installed: scripts/client-tools"),
]


@pytest.fixture(scope="module")
def city(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedCity]:
    with served_riverton(module_database_url, tmp_path_factory.mktemp("ogrinfo")) as served:
        yield served


def _ogrinfo(city: ServedCity, query: str, *options: str) -> str:
    address = f"GeoJSON:{city.server.base}/requests.geojson?jurisdiction_id={JURISDICTION}{query}"
    done = subprocess.run(["ogrinfo", "-ro", "-al", *options, address], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ERROR" not in done.stdout + done.stderr
    assert "Warning" not in done.stderr
    return done.stdout


def test_the_layer_has_every_report_its_fields_and_its_place(city: ServedCity) -> None:
    text = _ogrinfo(city, "", "-so")
    assert "Geometry: Point" in text
    assert f"Feature Count: {len(city.ids)}" in text
    assert 'ID["EPSG",4326]' in text
    extent = re.search(r"Extent: \(([\d.]+), ([\d.]+)\) - ", text)
    assert extent
    assert (float(extent[1]), float(extent[2])) == (5.05, 52.1)
    fields = set(re.findall(r"^(\w+): (?:String|DateTime|Real|Integer)", text, re.MULTILINE))
    assert {"service_request_id", "status", "service_code", "description", "address", "zipcode"} <= fields
    assert "requested_datetime: DateTime" in text
    assert "zipcode: String" in text


def test_the_values_are_ours(city: ServedCity) -> None:
    text = _ogrinfo(city, f"&service_request_id={city.ids[0]}")
    assert f"service_request_id (String) = {city.ids[0]}" in text
    assert "POINT (5.05 52.1)" in text
    assert "by the pond" in text


def test_an_empty_list_is_an_empty_layer(city: ServedCity) -> None:
    assert "Feature Count: 0" in _ogrinfo(city, "&status=closed", "-so")
