"""A client generated from the committed document compiles and talks to a running server."""

from __future__ import annotations

import compileall
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from served_city import JURISDICTION, ServedCity, served_riverton

TOP = Path(__file__).parents[2]

USE = """
import datetime, json, sys
from open311_client import AuthenticatedClient
from open311_client.api.requests import create_service_request, get_service_request, list_service_requests
from open311_client.api.services import get_service_definition, list_services
from open311_client.api.discovery import get_discovery
from open311_client import models

url, key, city = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=key)
services = list_services.sync(client=client, format_="json", jurisdiction_id=city)
definition = get_service_definition.sync(client=client, service_code="0042", format_="json")
text = "From a generated client"
fields = {"service_code": "0042", "lat": 52.1, "long": 5.05, "description": text, "attribute": {"fault": "dark"}}
made = create_service_request.sync(client=client, format_="json", body=models.Report.from_dict(fields))
form = models.ReportForm(service_code="tree-down", address_string="Mill Lane 12")
by_form = create_service_request.sync(client=client, format_="json", body=form)
shown = get_service_request.sync(client=client, service_request_id=made[0].service_request_id, format_="json")
listed = list_service_requests.sync(
    client=client, format_="json", status=["open"], page_size=5,
    start_date=datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1),
)
missing = get_service_request.sync(client=client, service_request_id="nothing", format_="json")
print(json.dumps({
    "services": [service.service_code for service in services],
    "questions": [attribute.code for attribute in definition.attributes],
    "description": shown[0].description,
    "lat": shown[0].lat,
    "by_form": by_form[0].service_request_id,
    "year": shown[0].requested_datetime.year,
    "listed": len(listed),
    "missing": missing[0].code,
    "api_root": get_discovery.sync(client=client, format_="json").endpoints[0].url,
}))
"""


@pytest.fixture(scope="module")
def city(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedCity]:
    with served_riverton(module_database_url, tmp_path_factory.mktemp("generated")) as served:
        yield served


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("client")
    settings = folder / "settings.yaml"
    settings.write_text(
        "project_name_override: open311-client\npackage_name_override: open311_client\npost_hooks: []\nliteral_enums: true\n"
    )
    command = [
        *(sys.executable, "-c", "from openapi_python_client.cli import app; app()", "generate"),
        *("--path", str(TOP / "openapi" / "openapi.json"), "--config", str(settings), "--output-path", str(folder / "out")),
        "--fail-on-warning",
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "out"


def test_it_is_generated_without_a_warning_and_compiles(generated: Path) -> None:
    assert compileall.compile_dir(str(generated), quiet=1, force=True)


def test_it_reads_reports_and_queries(generated: Path, city: ServedCity) -> None:
    command = [sys.executable, "-W", "error", "-c", USE, city.server.url, city.key, JURISDICTION]
    env = {**os.environ, "PYTHONPATH": str(generated)}
    done = subprocess.run(command, cwd=generated, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    seen = json.loads(done.stdout)
    assert seen["services"] == [item["service_code"] for item in city.server.client.get("/open311/v2/services.json").json()]
    assert "fault" in seen["questions"]
    assert seen["description"] == "From a generated client"
    assert seen["lat"] == 52.1
    assert seen["by_form"].startswith("SR-")
    assert seen["listed"] == 5
    assert seen["missing"] == 404
    assert seen["api_root"].endswith("/open311/v2")
