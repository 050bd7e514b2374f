"""schemathesis over the served document: no server error, no undocumented status, content type or shape.

Liberal input is described in the document, so what the server accepts beyond a schema is no failure.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from served_city import JURISDICTION, ServedCity, served_riverton

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
LONG_CASES = 2000
WITHOUT_PARAMETERS = {"GET /health/live", "GET /health/ready", "GET /api/v1/jurisdictions"}
"""There is only one way to ask them."""


@pytest.fixture(scope="module")
def city(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedCity]:
    with served_riverton(module_database_url, tmp_path_factory.mktemp("schemathesis")) as served:
        yield served


class Run:
    """One run of the command: what it said, how many cases, what was answered."""

    def __init__(self, city: ServedCity, folder: Path, *options: str, document: str | None = None, seconds: int = 300) -> None:
        facts = folder / "facts.json"
        facts.write_text(
            json.dumps(
                {
                    "jurisdiction_id": JURISDICTION,
                    "lat": 52.1,
                    "long": 5.05,
                    "path": {
                        "service_code": ["tree-down", "0042", "bulky-waste", "hotline", "two-required"],
                        "service_request_id": list(city.ids),
                        "token": [city.token],
                    },
                }
            )
        )
        report = folder / "report.json"
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "run", document or f"{city.server.url}/openapi.json"),
            *("--url", city.server.url, "--checks", CHECKS, "-H", f"X-Api-Key: {city.key}", "--continue-on-failure"),
            *("--request-timeout", "20", "--generation-database", "none", "--seed", "311"),
            *("--generation-with-security-parameters", "false"),
            *("--report", "json", "--report-json-path", str(report), "--output-truncate", "false", *options),
        ]
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("OPEN311_", "SCHEMATHESIS_"))},
            "SCHEMATHESIS_HOOKS": "schemathesis_hooks",
            "OPEN311_TEST_FACTS": str(facts),
            "PYTHONPATH": str(Path(__file__).parent),
        }
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=seconds, check=False)
        self.text = done.stdout + done.stderr
        self.returncode = done.returncode
        assert report.exists(), self.text
        self.report: dict[str, Any] = json.loads(report.read_text())
        lines = facts.with_suffix(".answers").read_text().splitlines()
        self.answers = Counter((operation, int(status)) for operation, status in (line.split("\t") for line in lines))

    @property
    def cases(self) -> int:
        return int(self.report["test_cases"]["generated"])

    def accepted(self) -> dict[str, int]:
        """Answers with 2xx by operation: a run of refusals would prove little."""
        found = dict.fromkeys((operation for operation, _ in self.answers), 0)
        for (operation, status), number in self.answers.items():
            found[operation] += number if 200 <= status < 300 else 0
        return found


def _assert_clean(run: Run) -> None:
    print(run.text[-1500:])
    for (operation, status), number in sorted(run.answers.items()):
        print(f"{number:6} × {status}  {operation}")
    assert run.returncode == 0, run.text
    assert run.report["operations"]["tested"] == run.report["operations"]["total"]
    assert not [item for item in run.answers if item[1] >= 500]
    for operation, number in run.accepted().items():
        assert number >= (1 if operation in WITHOUT_PARAMETERS else 10), f"{operation} was hardly ever accepted"


def test_a_few_hundred_cases_find_nothing(city: ServedCity, tmp_path: Path) -> None:
    run = Run(city, tmp_path, "--phases", "examples,fuzzing", "-n", "40")
    _assert_clean(run)
    assert run.cases >= 300


@pytest.mark.long
def test_thousands_of_cases_find_nothing(city: ServedCity, tmp_path: Path) -> None:
    run = Run(city, tmp_path, "--phases", "examples,coverage,fuzzing", "-n", "300", seconds=1500)
    _assert_clean(run)
    assert run.cases >= LONG_CASES


def test_a_document_that_lies_is_found_out(city: ServedCity, tmp_path: Path) -> None:
    """The checks look at what they are meant to look at: status, content type and shape."""
    document = city.server.client.get("/openapi.json").json()
    document["components"]["schemas"]["Service"]["properties"]["metadata"] = {"type": "string"}
    del document["paths"]["/open311/v2/services/{service_code}.{format}"]["get"]["responses"]["404"]
    del document["paths"]["/open311/v2/discovery.{format}"]["get"]["responses"]["200"]["content"]["text/xml"]
    path = tmp_path / "lying.json"
    path.write_text(json.dumps(document))
    names = ("list_services", "get_service_definition", "get_discovery")
    chosen = [option for name in names for option in ("--include-operation-id", name)]
    run = Run(city, tmp_path, "--phases", "fuzzing", "-n", "30", *chosen, document=str(path))
    assert run.returncode == 1, run.text
    for found in ("ST108 Response violates schema", "ST103 Undocumented status code", "ST105 Undocumented Content-Type"):
        assert found in run.text, run.text
