"""The demo city in a database: whole, consistent, quick, and nothing when it is interrupted."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from open311_api.api_keys.verify import verify_key
from open311_api.catalog.create import number_sequence
from open311_api.catalog.queries import load_catalog
from open311_api.cities.demo.keys import ensure_demo_keys
from open311_api.cities.demo.load import DemoLoaded, load_demo
from open311_api.db.database import Database
from open311_api.events.publish import publish

NOW = datetime(2026, 3, 4, 19, 0, 0, tzinfo=UTC)
COUNT = 3000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def demo(module_database_url: str, folder: Path) -> AsyncIterator[tuple[Database, DemoLoaded]]:
    async with Database(module_database_url, statement_seconds=0) as db:
        yield db, await load_demo(db, folder, now=NOW, count=COUNT)


Demo = tuple[Database, DemoLoaded]


async def _all(db: Database, sql: str) -> list[dict[str, Any]]:
    async with db.read() as session:
        return [dict(row) for row in await session.fetch(text(sql))]


async def _count(demo: Demo, condition: str, table: str = "service_request r") -> int:
    rows = await _all(demo[0], f"SELECT count(*) AS n FROM {table} WHERE {condition}")
    return int(rows[0]["n"])


async def test_all_reports_are_there(demo: Demo) -> None:
    assert demo[1].requests == COUNT
    assert await _count(demo, "true") == COUNT


async def test_loading_again_writes_nothing(demo: Demo, folder: Path) -> None:
    assert await load_demo(demo[0], folder, now=NOW, count=COUNT) == DemoLoaded(demo[1].jurisdiction_key, 0)
    assert await _count(demo, "true") == COUNT


_LAST_NOTE = "SELECT n.text FROM note n WHERE n.request_key = r.request_key AND public ORDER BY sequence DESC LIMIT 1"


@pytest.mark.parametrize(
    "condition",
    [
        "status = 'closed' AND closed_datetime IS DISTINCT FROM updated_datetime",
        "status = 'open' AND closed_datetime IS NOT NULL",
        "updated_datetime < requested_datetime OR updated_datetime > '2026-03-04 19:00:00Z'",
        "date_trunc('second', requested_datetime) <> requested_datetime",
        "date_trunc('second', updated_datetime) <> updated_datetime",
        "version <> (SELECT count(*) FROM event e WHERE e.request_key = r.request_key)",
        "version <> (SELECT max(sequence) FROM event e WHERE e.request_key = r.request_key)",
        "updated_datetime <> (SELECT max(occurred_at) FROM event e WHERE e.request_key = r.request_key)",
        "status <> (SELECT e.status FROM event e WHERE (e.request_key, sequence) = (r.request_key, version))",
        "status <> (SELECT d.status FROM detailed_status d WHERE d.code = r.detailed_status)",
        "department_key <> (SELECT e.department_key FROM event e WHERE (e.request_key, sequence) = (r.request_key, version))",
        "'service_request.created' <> (SELECT e.type FROM event e WHERE (e.request_key, sequence) = (r.request_key, 1))",
        "duplicate AND parent_request_key IS NULL",
        "location IS NULL AND address IS NULL",
        "NOT ST_Covers((SELECT boundary FROM jurisdiction), location)",
        "round(ST_X(location)::numeric, 7) <> ST_X(location)::numeric",
        "service_request_id IS NULL AND token IS NULL",
        "title ~ '[{}]' OR description ~ '[{}]' OR status_notes ~ '[{}]' OR length(description) > 4000",
        f"status_notes IS DISTINCT FROM ({_LAST_NOTE})",
        "EXISTS (SELECT FROM unnest(media_urls) u WHERE u NOT LIKE 'https://media.example/%.jpg')",
    ],
)
async def test_no_report_contradicts_itself(demo: Demo, condition: str) -> None:
    assert await _count(demo, condition) == 0


@pytest.mark.parametrize(
    "condition",
    [
        "location IS NULL",
        "duplicate",
        "visibility = 'private'",
        "visibility = 'masked'",
        "moderation <> 'approved'",
        "cardinality(media_urls) > 1",
        "service_object_id IS NOT NULL",
        "expected_datetime IS NOT NULL",
        "attribute_answers <> '[]'",
        "version > 3",
        "token IS NOT NULL",
        "requested_datetime > '2026-03-04 18:50:00Z'",
        "requested_datetime < '2024-03-14'",
    ],
)
async def test_the_demo_shows_every_kind_of_report(demo: Demo, condition: str) -> None:
    assert await _count(demo, condition) > 0


async def test_every_channel_and_every_way_to_end_is_there(demo: Demo) -> None:
    channels = {row["channel"] for row in await _all(demo[0], "SELECT DISTINCT channel FROM service_request")}
    assert {"api", "app", "web", "phone", "walk-in", "mail", "e-mail", "chat", "sensor", "social-media", "staff"} <= channels
    kinds = {row["type"] for row in await _all(demo[0], "SELECT DISTINCT type FROM event WHERE request_key IS NOT NULL")}
    assert kinds == {
        f"service_request.{word}"
        for word in ("created", "status_changed", "note_added", "rerouted", "merged", "closed", "reopened")
    }


async def test_changes_follow_each_other(demo: Demo) -> None:
    """What an event says it comes from is where the one before left."""
    rows = await _all(demo[0], "SELECT request_key, data FROM event WHERE request_key IS NOT NULL ORDER BY request_key, sequence")
    stand: dict[tuple[int, str], str] = {}
    for row in rows:
        for name in ("status", "department"):
            if change := row["data"].get(name):
                assert change.get("from") == stand.get((row["request_key"], name))
                stand[row["request_key"], name] = change["to"]


async def test_events_follow_each_other_in_time(demo: Demo) -> None:
    late = await _all(
        demo[0],
        "SELECT 1 FROM event a JOIN event b ON a.request_key = b.request_key AND b.sequence = a.sequence + 1"
        " WHERE b.occurred_at <= a.occurred_at LIMIT 1",
    )
    assert late == []


async def test_answers_fit_the_questions(demo: Demo) -> None:
    async with demo[0].snapshot() as session:
        content = await load_catalog(session, demo[1].jurisdiction_key)
    services = {service.service_key: service for service in content.services}
    for row in await _all(demo[0], "SELECT service_key, definition_version, attribute_answers FROM service_request"):
        service = services[row["service_key"]]
        questions = {attribute.code: attribute for attribute in service.attributes}
        assert row["definition_version"] == service.definition_version
        answered = {answer["name"] for answer in row["attribute_answers"]}
        assert {attribute.code for attribute in service.attributes if attribute.required} <= answered <= set(questions)
        for answer in row["attribute_answers"]:
            keys = {value.key: value.name for value in questions[answer["name"]].values}
            assert keys.get(answer["code"], answer["value"]) == answer["value"]
            assert (answer["code"] is not None) == questions[answer["name"]].is_list


async def test_new_reports_get_numbers_after_those_of_the_demo(demo: Demo) -> None:
    last = await _all(demo[0], "SELECT max(right(service_request_id, 6)::int) AS n FROM service_request")
    sequence = await _all(demo[0], f"SELECT last_value FROM {number_sequence(demo[1].jurisdiction_key)}")
    assert sequence[0]["last_value"] >= last[0]["n"]
    assert await _count(demo, "service_request_id !~ '^SR-202[456]-[0-9]{6}$'") == 0


async def test_its_history_is_published_as_one_run(demo: Demo) -> None:
    await publish(demo[0])
    assert await _count(demo, "position IS NOT NULL AND finished_at IS NOT NULL", "import_run") == 1
    assert await _count(demo, "request_key IS NOT NULL AND (position IS NOT NULL OR import_key IS NULL)", "event") == 0


async def test_the_same_day_gives_the_same_reports(demo: Demo, database_url: str, tmp_path: Path) -> None:
    sql = (
        "SELECT service_request_id, title, description, address, ST_AsText(location) AS place, status, version, channel,"
        " requested_datetime, updated_datetime, attribute_answers FROM service_request ORDER BY request_key"
    )
    async with Database(database_url, statement_seconds=0) as other:
        await load_demo(other, tmp_path, now=NOW, count=COUNT)
        assert await _all(other, sql) == await _all(demo[0], sql)


async def test_an_interrupted_load_leaves_nothing(db: Database, tmp_path: Path) -> None:
    def interrupt(done: int) -> None:
        if done >= 1000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await load_demo(db, tmp_path, now=NOW, count=2000, progress=interrupt)
    for table in ("jurisdiction", "service_request", "event", "note", "import_run"):
        assert await _all(db, f"SELECT 1 FROM {table} LIMIT 1") == []
    assert (await load_demo(db, tmp_path, now=NOW, count=50)).requests == 50


async def test_a_city_file_loaded_before_gets_its_reports(db: Database, tmp_path: Path) -> None:
    from open311_api.cities.demo.files import write_demo_files
    from open311_api.cities.load import load_city
    from open311_api.cities.reading import read_city_file

    await load_city(db, read_city_file(write_demo_files(tmp_path)).city)
    assert (await load_demo(db, tmp_path, now=NOW, count=50)).requests == 50


async def test_its_keys_are_made_once_and_again_when_they_stop_working(demo: Demo, tmp_path: Path) -> None:
    db, loaded = demo
    keys = await ensure_demo_keys(db, tmp_path, loaded.jurisdiction_key)
    assert await ensure_demo_keys(db, tmp_path, loaded.jurisdiction_key) == keys
    assert (tmp_path / "demo-keys.json").stat().st_mode & 0o777 == 0o600
    async with db.read() as session:
        app = await verify_key(session, keys.app_key)
        staff = await verify_key(session, keys.staff_key)
    assert (app.may("requests:write"), app.may("requests:manage"), staff.may("keys:manage")) == (True, False, True)
    assert app.serves(loaded.jurisdiction_key)
    assert not staff.serves(loaded.jurisdiction_key + 1)
    (tmp_path / "demo-keys.json").write_text(json.dumps({"app_key": "o311_demo_gone", "staff_key": "x"}))
    assert await ensure_demo_keys(db, tmp_path, loaded.jurisdiction_key) != keys


@pytest.mark.long
async def test_the_whole_demo_loads_in_under_twenty_seconds(db: Database, tmp_path: Path) -> None:
    start = time.monotonic()
    await load_demo(db, tmp_path, now=datetime.now(UTC))
    taken = time.monotonic() - start
    print(f"20,000 reports in {taken:.1f} s")
    assert taken < 20
