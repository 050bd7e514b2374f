"""Write the city file of the demo with its GeoJSON, for the loader and for operators who want to learn from it."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import orjson

from open311_api.cities.demo.town import Town

CITY_FILE = "city.yaml"


def write_demo_files(folder: Path, town: Town | None = None) -> Path:
    """The path of the city file. What was there before is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in (town or Town()).files().items():
        (folder / name).write_bytes(orjson.dumps(data) + b"\n")
    path = folder / CITY_FILE
    path.write_bytes(resources.files(__package__).joinpath(CITY_FILE).read_bytes())
    return path
