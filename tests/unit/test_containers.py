"""The container files: valid by the schema of Compose, whole in their references, and within what old engines accept."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

TOP = Path(__file__).parents[2]
COMPOSE = TOP / "docker-compose.yml"
DOCKERFILE = (TOP / "Dockerfile").read_text()

# Valid by today's schema, refused by docker-compose 1.29.
TOO_NEW = {
    "": {"name", "include"},
    "service": {"develop", "attach", "gpus", "models", "provider"},
    "healthcheck": {"start_interval"},
    "depends_on": {"required", "restart"},
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return document


def schema_check(path: Path) -> int:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    return subprocess.run(command, capture_output=True, check=False).returncode


def test_the_compose_file_obeys_its_schema(tmp_path: Path) -> None:
    assert schema_check(COMPOSE) == 0
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(COMPOSE.read_text().replace("service_healthy", "service_helthy"))
    assert schema_check(wrong) != 0, "a check that finds nothing proves nothing"


def test_everything_named_is_defined(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in services, f"{name} depends on {other}"
            if how["condition"] == "service_healthy":
                assert not services[other].get("healthcheck", {}).get("disable", False), f"{other} is never healthy"
                assert services[other]["healthcheck"]["test"]
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source.startswith((".", "/")) or source in compose["volumes"], f"{name} mounts {source}"
        for kind in ("secrets", "configs", "networks"):
            assert set(service.get(kind, [])) <= set(compose.get(kind, {})), f"{name}: {kind}"


def test_an_old_engine_understands_it(compose: dict[str, Any]) -> None:
    assert not TOO_NEW[""] & set(compose)
    for name, service in compose["services"].items():
        assert not TOO_NEW["service"] & set(service), name
        assert not TOO_NEW["healthcheck"] & set(service.get("healthcheck", {})), name
        for how in service.get("depends_on", {}).values():
            assert not TOO_NEW["depends_on"] & set(how), name
        assert all(isinstance(port, str) for port in service.get("ports", [])), name
    assert not re.search(r"\$\{[^}]*\$\{", COMPOSE.read_text()), "nested defaults are newer"


def test_every_container_is_confined(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service.get("read_only", False) or name == "db", name
        assert "restart" in service, name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
    assert "ports" not in compose["services"]["db"]


def test_no_secret_is_written_down(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for variable, value in service.get("environment", {}).items():
            if variable == "OPEN311_SECRET_KEYS":
                assert value == "${OPEN311_SECRET_KEYS:-}", name
            if "PASSWORD" in variable:
                assert value.startswith("${OPEN311_DB_PASSWORD"), name


def test_the_image_needs_nothing_special_to_build() -> None:
    assert "# syntax" not in DOCKERFILE
    assert "--mount" not in DOCKERFILE
    assert "--require-hashes" in DOCKERFILE
    user = re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE)
    assert user == ["10001"]
    assert re.search(r"^HEALTHCHECK", DOCKERFILE, re.MULTILINE)
    assert "curl" not in "".join(line for line in DOCKERFILE.splitlines() if not line.startswith("#"))


def test_the_image_gets_only_what_is_listed() -> None:
    lines = (TOP / ".dockerignore").read_text().splitlines()
    kept = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert "*" in lines
    copied = {
        source.rstrip("/")
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    }
    assert copied == kept
