"""Processes of ours that die at the worst moment (F1, F2, F7), and those that watch over them."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from faults.scene import Scene, alive, scene, seconds, wait_until

ONE = ("--clients", "1", "--intents", "1", "--with-key", "1")
WAITING = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"
FOUR_REPORTS_WAIT = (
    "SELECT count(*) >= 4 FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'WITH number%'"
)
LOCK = 4711


@pytest.fixture
def running(database_url: str) -> Iterator[Scene]:
    with scene(database_url) as made:
        yield made


def test_f1_killed_after_the_commit_and_before_the_answer(running: Scene) -> None:
    """The COMMIT is held at its very end; the process is frozen, so that it never hears of it, and then killed."""
    running.sql(
        f"CREATE FUNCTION wait_at_commit() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN PERFORM pg_advisory_xact_lock_shared({LOCK}); RETURN NULL; END $$"
    )
    running.sql(
        "CREATE CONSTRAINT TRIGGER wait_at_commit AFTER INSERT ON idempotency_record "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_at_commit()"
    )
    web = running.web()
    with running.holding(f"SELECT pg_advisory_xact_lock({LOCK})"):
        ledger = running.start_ledger(*ONE)
        running.wait_for(WAITING)
        os.kill(web, signal.SIGSTOP)
    running.wait_for("SELECT count(*) = 1 FROM service_request")
    assert [line["step"] for line in running.ledger()] == ["intent"]
    os.kill(web, signal.SIGKILL)
    assert ledger.wait(30) == 0
    figures = running.check()
    assert (figures["accepted"], figures["stored"]) == (1, 1)
    assert figures["attempts"]["201"] == 1
    assert len(running.ledger()) > 2, "the first attempt must have failed"
    assert again(running).text == running.ledger()[-1]["told"]
    assert running.check()["stored"] == 1


def again(running: Scene) -> httpx.Response:
    """Send the ledger's only intent once more, as its client would."""
    intent = running.ledger()[0]["intent"]
    fields = {
        "service_code": "pothole",
        "lat": "52.05",
        "long": "5.05",
        "api_key": running.key,
        "description": f"{running.book.stem} {intent}",
    }
    answer = running.server.client.post("/open311/v2/requests.json", data=fields, headers={"Idempotency-Key": intent})
    assert answer.status_code == 201
    return answer


def test_f2_killed_before_the_commit(running: Scene) -> None:
    with running.holding("LOCK TABLE idempotency_record IN SHARE MODE"):
        ledger = running.start_ledger(*ONE, "--once")
        running.wait_for(WAITING)
        os.kill(running.web(), signal.SIGKILL)
        assert ledger.wait(30) == 0
    running.wait_until_ready()
    running.wait_for(
        "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"
    )
    time.sleep(0.3)
    assert running.sql("SELECT count(*) FROM service_request")[0][0] == 0
    assert running.sql("SELECT count(*) FROM event WHERE request_key IS NOT NULL")[0][0] == 0
    assert running.check()["stored"] == 0
    first = again(running)
    assert again(running).text == first.text
    assert running.check()["stored"] == 1


def test_f7_sigterm_under_load_finishes_what_is_under_way(running: Scene) -> None:
    ledger = running.start_ledger("--seconds", str(seconds(2.5)), "--once", "--clients", "3")
    wait_until(lambda: running.accepted() > 20, "some load")
    with ThreadPoolExecutor(1) as pool:
        fields = {"service_code": "pothole", "lat": "52.05", "long": "5.05", "api_key": running.key, "description": "under way"}
        with running.holding("LOCK TABLE event IN SHARE MODE"):
            pending = pool.submit(httpx.post, f"{running.server.base}/requests.json", data=fields, timeout=20)
            running.wait_for(FOUR_REPORTS_WAIT)  # the three of the ledger, and this one
            running.server.process.send_signal(signal.SIGTERM)
            started = time.monotonic()
            time.sleep(0.5)
        assert pending.result().status_code == 201
    assert running.server.process.wait(20) == 0
    assert time.monotonic() - started < 20
    assert ledger.wait(60) == 0
    assert "Traceback" not in running.server.log_text()
    # Positions of the last events are given by whoever runs next.
    with scene(running.database_url) as later:
        later.book = running.book
        assert later.check()["accepted"] > 20


def test_a_killed_web_process_is_back_within_seconds(running: Scene) -> None:
    ledger = running.start_ledger("--seconds", str(seconds(5)))
    wait_until(lambda: running.accepted() > 20, "some load")
    killed = running.web()
    os.kill(killed, signal.SIGKILL)
    assert ledger.wait(90) == 0
    assert running.web() != killed
    figures = running.check()
    assert figures["unanswered_with_key"] == 0
    assert figures["longest_outage"] < 4
    assert "process_ended" in running.server.log_text()


def test_a_killed_worker_is_back_and_gives_the_ids(running: Scene) -> None:
    (worker,) = running.children("open311_api.worker")
    os.kill(worker, signal.SIGKILL)
    fields = {"service_code": "pickup", "lat": "52.05", "long": "5.05", "api_key": running.key}
    token = running.server.client.post("/open311/v2/requests.json", data=fields).json()[0]["token"]

    def resolved() -> bool:
        return "service_request_id" in running.server.client.get(f"/open311/v2/tokens/{token}.json").json()[0]

    wait_until(resolved, "an id for the token", timeout=10)


def test_children_of_a_killed_supervisor_end_and_free_the_port(running: Scene) -> None:
    children = running.children()
    assert len(children) == 2
    running.server.process.kill()
    running.server.process.wait(5)
    wait_until(lambda: not any(alive(child) for child in children), "the children to end", timeout=10)
    parts = urlsplit(running.server.url)
    with socket.create_server((parts.hostname or "", parts.port or 0)):
        pass
