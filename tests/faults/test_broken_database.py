"""A database that goes away, comes back, is full of waiting, or undoes what was done (F9, F10, F12, F17, F18)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from bad_input.hostile import set_up_city
from faults.scene import CITY, OwnCluster, Scene, own_cluster, scene, seconds, wait_until

REPORT = {"service_code": "pothole", "lat": "52.05", "long": "5.05"}


@pytest.fixture(scope="module")
def cluster() -> Iterator[OwnCluster]:
    with own_cluster() as made:
        yield made


def under_load(running: Scene, cluster: OwnCluster, *, kill: bool, length: float) -> dict[str, object]:
    """Break PostgreSQL in the middle of a load; figures of the ledger when nothing is wrong."""
    ledger = running.start_ledger("--seconds", str(length), "--clients", "6")
    already = running.accepted()
    wait_until(lambda: running.accepted() > already + 30, "some load")
    if kill:
        cluster.kill()
        time.sleep(0.3)
        cluster.start()
    else:
        cluster.restart_fast()
    assert ledger.wait(length + 60) == 0
    figures = running.check()
    assert figures["unanswered_with_key"] == 0
    assert figures["without_retry_after"] == 0
    assert "unhandled" not in running.server.log_text(), (
        running.server.log_text().partition("unhandled")[2].partition("\n")[0][-1500:]
    )
    assert set(figures["attempts"]) == {"201", "503"}, "no connection is dropped, nothing but 503 is said"
    running.wait_until_ready()
    return figures


def test_f9_a_fast_restart_under_load(cluster: OwnCluster) -> None:
    with scene(cluster.url) as running:
        figures = under_load(running, cluster, kill=False, length=seconds(5))
    assert figures["longest_outage"] < 5  # type: ignore[operator]


def test_f10_a_crash_under_load(cluster: OwnCluster) -> None:
    with scene(cluster.url) as running:
        figures = under_load(running, cluster, kill=True, length=seconds(5))
    assert figures["longest_outage"] < 10  # type: ignore[operator]


def test_reads_while_the_database_is_away_are_503_and_come_back(cluster: OwnCluster) -> None:
    with scene(cluster.url) as running:
        identity = running.server.client.post("/open311/v2/requests.json", data={**REPORT, "api_key": running.key}).json()
        cluster.stop()
        try:
            time.sleep(1)  # what was known is old by now
            for path in ("services.json", "requests.json", f"requests/{identity[0]['service_request_id']}.xml", "requests.csv"):
                for headers in ({}, {"X-Api-Key": running.key}):
                    answer = running.server.client.get(f"/open311/v2/{path}", headers=headers)
                    assert answer.status_code == 503, path
                    assert int(answer.headers["retry-after"]) >= 1
            assert running.server.client.get("/health/live").status_code == 200
            assert running.server.client.get("/health/ready").status_code == 503
        finally:
            cluster.start()
        running.wait_until_ready()
        assert running.server.client.get("/open311/v2/requests.json").status_code == 200
        assert running.server.process.poll() is None
        assert "unhandled" not in running.server.log_text()


@pytest.mark.long
def test_restarts_and_crashes_for_a_long_time(cluster: OwnCluster) -> None:
    with scene(cluster.url) as running:
        end = time.monotonic() + seconds(300)
        kill = False
        while time.monotonic() < end:
            under_load(running, cluster, kill=kill, length=10)
            kill = not kill


def test_f12_an_exhausted_pool_answers_503_within_two_seconds(database_url: str) -> None:
    with scene(database_url, worker=False, OPEN311_POOL_SIZE="2") as running:
        url, report = running.server.base, {**REPORT, "api_key": running.key}

        def timed(method: str, path: str) -> tuple[httpx.Response, float]:
            started = time.monotonic()
            answer = httpx.request(method, f"{url}/{path}", data=report if method == "POST" else None, timeout=20)
            return answer, time.monotonic() - started

        with ThreadPoolExecutor(60) as pool:
            with running.holding("LOCK TABLE event IN SHARE MODE"):
                stuck = [pool.submit(timed, "POST", "requests.json") for _ in range(2)]
                time.sleep(1)
                ready = running.server.client.get("/health/ready")
                asked = [pool.submit(timed, "POST", "requests.xml") for _ in range(10)]
                asked += [pool.submit(timed, "GET", path) for path in ("requests.json", "services.xml", "requests/none.json") * 10]
                answers = [future.result() for future in asked]
            for future in stuck:
                assert future.result()[0].status_code in (201, 503)
        assert ready.status_code == 503
        assert ready.json()["status"] == "unavailable"
        assert {answer.status_code for answer, _ in answers} == {503}
        assert all(answer.headers["retry-after"] for answer, _ in answers)
        assert max(taken for _, taken in answers) < 2.5  # two seconds, and sixty threads on a busy machine
        running.wait_until_ready()
        assert running.server.client.post("/open311/v2/requests.json", data=report).status_code == 201


@pytest.mark.parametrize("failures, status", [(2, 201), (3, 201), (100, 503)])
@pytest.mark.parametrize("code", ["40001", "40P01"])
def test_f17_what_the_database_undid_is_tried_again_three_times(
    database_url: str, tmp_path: Path, failures: int, status: int, code: str
) -> None:
    with scene(database_url, worker=False) as running:
        running.sql("CREATE SEQUENCE injected")
        running.sql(
            "CREATE FUNCTION inject() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF nextval('injected') <= {failures} THEN RAISE EXCEPTION 'injected' USING ERRCODE = '{code}'; END IF; "
            "RETURN NEW; END $$"
        )
        running.sql("CREATE TRIGGER inject BEFORE INSERT ON service_request FOR EACH ROW EXECUTE FUNCTION inject()")
        answer = running.server.client.post(
            "/open311/v2/requests.json", data={**REPORT, "api_key": running.key}, headers={"Idempotency-Key": "once"}
        )
        assert answer.status_code == status
        assert running.sql("SELECT count(*) FROM service_request")[0][0] == (status == 201)
        assert running.sql("SELECT last_value FROM injected")[0][0] == min(failures, 3) + 1
        if status == 503:
            assert int(answer.headers["retry-after"]) >= 1


def test_f18_without_notifications_polling_is_enough(database_url: str, tmp_path: Path) -> None:
    """LISTEN goes to a port where nobody answers."""
    with scene(database_url, OPEN311_LISTEN_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none") as running:
        before = running.server.client.get("/open311/v2/requests.json").headers["etag"]
        changed = tmp_path / "city.yaml"
        for file in CITY.parent.glob("*.geojson"):
            (tmp_path / file.name).write_text(file.read_text())
        changed.write_text(CITY.read_text() + "  - {code: brand-new, name: Brand new}\n")
        set_up_city(running.env, changed)

        def listed() -> bool:
            return "brand-new" in running.server.client.get("/open311/v2/services.json").text

        assert wait_until(listed, "the new service", timeout=5) < 1.5
        made = running.server.client.post("/open311/v2/requests.json", data={**REPORT, "api_key": running.key})
        assert made.status_code == 201

        def moved() -> bool:
            return running.server.client.get("/open311/v2/requests.json").headers["etag"] != before

        assert wait_until(moved, "the new request in the list", timeout=5) < 2
