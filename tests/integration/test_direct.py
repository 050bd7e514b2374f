"""Calls of GeoReport pass FastAPI by, and answers leave at once."""

from __future__ import annotations

import time
from pathlib import Path

from fastapi.routing import APIRoute

from open311_api.georeport.router import bulk_router, router
from servers import running_server


def test_no_geo_report_route_declares_what_would_not_run() -> None:
    routes = [route for route in (*router.routes, *bulk_router.routes) if isinstance(route, APIRoute)]
    assert len(routes) >= 10
    for route in routes:
        assert not route.dependant.dependencies, f"{route.path}: a dependency is not run (docs/decisions/0010)"
        assert not route.dependencies, f"{route.path}: a dependency is not run (docs/decisions/0010)"


def test_answers_on_a_kept_connection_do_not_wait_for_an_acknowledgement(database_url: str, tmp_path: Path) -> None:
    with running_server(database_url, tmp_path, worker=False) as server:
        server.client.get("/open311/v2/discovery.json")
        times = []
        for _ in range(30):
            started = time.perf_counter()
            assert server.client.get("/open311/v2/discovery.json").status_code == 200
            times.append(time.perf_counter() - started)
    # Nagle's algorithm with delayed acknowledgements costs 40 ms each time.
    assert sorted(times)[len(times) // 2] < 0.035
