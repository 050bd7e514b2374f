"""The floor: the least a correct server could do for the same rows and the same bytes.

Plain Starlette on uvicorn, one prepared statement for an answer, orjson or plain strings. No keys, no validation, no
limits, no log, no metrics, no headers but the type of the body. Run by run.py as a process of its own; see its figures
beside every ratio.
"""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import asyncpg
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

CONNECTIONS = 8
_LIST_COLUMNS = """
    service_request_id, status, status_notes, service_key, description, department_key, service_notice,
    requested_datetime, updated_datetime, expected_datetime, address, address_id, zipcode,
    ST_Y(location) AS lat, ST_X(location) AS long, media_urls
"""
_LIST = f"SELECT {_LIST_COLUMNS} FROM service_request WHERE jurisdiction_key = $1 AND listed"
_NEWEST = "ORDER BY requested_datetime DESC, service_request_id DESC NULLS LAST LIMIT"

ONE = f"{_LIST} AND service_request_id = $2"
WINDOW = f"{_LIST} AND requested_datetime >= $2 AND requested_datetime <= $3 {_NEWEST} $4"
AFTER = f"{_LIST} AND requested_datetime >= $2 AND (requested_datetime, service_request_id) < ($3, $4) {_NEWEST} $5"
# Lists that tell how many match, as the project does, up to 10,000.
UPDATED = f"""SELECT {_LIST_COLUMNS}, (SELECT count(*) FROM (SELECT 1 FROM service_request
        WHERE jurisdiction_key = $1 AND listed AND updated_datetime >= $2 LIMIT 10001) AS matches) AS total
    FROM service_request WHERE jurisdiction_key = $1 AND listed AND updated_datetime >= $2 {_NEWEST} $3"""
BOX = f"""WITH found AS ({_LIST} AND requested_datetime >= $2 AND requested_datetime <= $3
    AND location && ST_MakeEnvelope($4, $5, $6, $7, 4326) AND ST_X(location) BETWEEN $4 AND $6 AND ST_Y(location) BETWEEN $5 AND $7
    {_NEWEST} 10001)
    SELECT *, (SELECT count(*) FROM found) AS total FROM found {_NEWEST} $8"""
CIRCLE = f"""WITH found AS ({_LIST} AND requested_datetime >= $2 AND requested_datetime <= $3 AND status = 'open'
    AND location && ST_Expand(ST_SetSRID(ST_MakePoint($4, $5), 4326), $6, $7)
    AND ST_DWithin(location::geography, ST_SetSRID(ST_MakePoint($4, $5), 4326)::geography, $8) {_NEWEST} 10001)
    SELECT *, (SELECT count(*) FROM found) AS total FROM found {_NEWEST} $9"""
LATEST = """SELECT updated_datetime FROM service_request WHERE jurisdiction_key = $1
    ORDER BY updated_datetime DESC, service_request_id DESC NULLS LAST LIMIT 1"""
INSERT = """
    WITH stored AS (
        INSERT INTO service_request (jurisdiction_key, service_request_id, service_key, department_key, detailed_status,
            title, description, requested_datetime, updated_datetime, address, location)
        VALUES ($1, 'F' || nextval('benchmark_floor_number'), $2, $3, 'received', $4, $5, $6, $6, $7,
            ST_SetSRID(ST_MakePoint($8, $9), 4326))
        RETURNING request_key, service_request_id
    ), told AS (
        INSERT INTO event (jurisdiction_key, type, request_key, sequence, service_key, department_key, status, data)
        SELECT $1, 'service_request.created', request_key, 1, $2, $3, 'open', $10 FROM stored
    )
    SELECT service_request_id FROM stored
"""

_ESCAPED = re.compile("[&<>]")


class Floor:
    """Names looked up once, connections held open."""

    def __init__(self, url: str, jurisdiction_id: str) -> None:
        self.url = url
        self.jurisdiction_id = jurisdiction_id
        self.pool: asyncpg.Pool
        self.custom: asyncpg.Pool
        self.jurisdiction_key = 0
        self.zone: ZoneInfo
        self.services: dict[int, tuple[str, str]] = {}
        self.by_code: dict[str, tuple[int, int]] = {}
        self.departments: dict[int, str | None] = {}

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        self.pool = await self._pool()
        # Filters by place: a plan for the values at hand, without a round trip for the setting.
        self.custom = await self._pool(plan_cache_mode="force_custom_plan")
        row = await self.pool.fetchrow(
            "SELECT jurisdiction_key, time_zone FROM jurisdiction WHERE jurisdiction_id = $1", self.jurisdiction_id
        )
        self.jurisdiction_key, self.zone = row["jurisdiction_key"], ZoneInfo(row["time_zone"])
        for row in await self.pool.fetch("SELECT * FROM department WHERE jurisdiction_key = $1", self.jurisdiction_key):
            self.departments[row["department_key"]] = row["name"] if row["public"] else None
            triage = row["department_key"] if row["triage"] else 0
        for row in await self.pool.fetch("SELECT * FROM service WHERE jurisdiction_key = $1", self.jurisdiction_key):
            self.services[row["service_key"]] = (row["name"], row["code"])
            self.by_code[row["code"]] = (row["service_key"], row["department_key"] or triage)
        yield
        await self.pool.close()
        await self.custom.close()

    async def _pool(self, **settings: str) -> asyncpg.Pool:
        async def keep(_connection: asyncpg.Connection) -> None:
            """No reset between two uses: it would cost a round trip."""

        return await asyncpg.create_pool(
            self.url,
            min_size=CONNECTIONS,
            max_size=CONNECTIONS,
            reset=keep,
            server_settings={"application_name": "benchmark floor", "timezone": "UTC", "jit": "off", **settings},
        )

    def document(self, row: asyncpg.Record) -> dict[str, Any]:
        zone = self.zone
        (id_, status, notes, service_key, description, department, notice, requested, updated, expected, address, address_id,
         zipcode, lat, long, media, *_total) = row  # fmt: skip
        name, code = self.services[service_key]
        return {
            "service_request_id": id_,
            "status": status,
            "status_notes": notes,
            "service_name": name,
            "service_code": code,
            "description": description,
            "agency_responsible": self.departments[department],
            "service_notice": notice,
            "requested_datetime": requested.astimezone(zone).isoformat(),
            "updated_datetime": updated.astimezone(zone).isoformat(),
            "expected_datetime": None if expected is None else expected.astimezone(zone).isoformat(),
            "address": address,
            "address_id": address_id,
            "zipcode": zipcode,
            "lat": lat,
            "long": long,
            "media_url": media[0] if media else None,
        }

    def answer(self, rows: list[asyncpg.Record], format_: str) -> Response:
        if format_ == "json":
            return Response(orjson.dumps([self.document(row) for row in rows]), media_type="application/json")
        parts = ['<?xml version="1.0" encoding="UTF-8"?>\n<service_requests>']
        for row in rows:
            parts.append("<request>")
            for name, value in self.document(row).items():
                if value is None or value == "":
                    parts.append(f"<{name}/>")
                else:
                    text = value if isinstance(value, str) else repr(value)
                    if _ESCAPED.search(text):
                        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
                    parts.append(f"<{name}>{text}</{name}>")
            parts.append("</request>")
        parts.append("</service_requests>")
        return Response("".join(parts).encode(), media_type="text/xml")

    async def one(self, request: Request) -> Response:
        rows = await self.pool.fetch(ONE, self.jurisdiction_key, request.path_params["id"])
        return self.answer(rows, request.path_params["format"])

    async def window(self, request: Request) -> Response:
        query = request.query_params
        values = (_moment(query["from"]), _moment(query["to"]), int(query["size"]))
        return self.answer(await self.pool.fetch(WINDOW, self.jurisdiction_key, *values), request.path_params["format"])

    async def after(self, request: Request) -> Response:
        query = request.query_params
        values = (_moment(query["from"]), _moment(query["at"]), query["id"], int(query["size"]))
        return self.answer(await self.pool.fetch(AFTER, self.jurisdiction_key, *values), request.path_params["format"])

    async def updated(self, request: Request) -> Response:
        query = request.query_params
        rows = await self.custom.fetch(UPDATED, self.jurisdiction_key, _moment(query["from"]), int(query["size"]))
        return self.answer(rows, request.path_params["format"])

    async def box(self, request: Request) -> Response:
        query = request.query_params
        corners = [float(text) for text in query["bbox"].split(",")]
        values = (_moment(query["from"]), _moment(query["to"]), *corners, int(query["size"]))
        return self.answer(await self.custom.fetch(BOX, self.jurisdiction_key, *values), request.path_params["format"])

    async def circle(self, request: Request) -> Response:
        query = request.query_params
        place = [float(query[name]) for name in ("long", "lat", "wide", "tall", "radius")]
        values = (_moment(query["from"]), _moment(query["to"]), *place, int(query["size"]))
        return self.answer(await self.custom.fetch(CIRCLE, self.jurisdiction_key, *values), request.path_params["format"])

    async def poll(self, request: Request) -> Response:
        """304 with one index look-up."""
        latest = (await self.pool.fetchval(LATEST, self.jurisdiction_key)).isoformat()
        if request.headers.get("if-none-match") == latest:
            return Response(status_code=304)
        return Response(b"[]", headers={"etag": latest}, media_type="application/json")

    async def create(self, request: Request) -> Response:
        """A bare durable insert of the request and its event."""
        form = dict(parse_qsl((await request.body()).decode()))
        service_key, department_key = self.by_code[form["service_code"]]
        identity = await self.pool.fetchval(
            INSERT,
            self.jurisdiction_key,
            service_key,
            department_key,
            form["title"],
            form["description"],
            datetime.now(UTC).replace(microsecond=0),
            form["address_string"],
            float(form["long"]),
            float(form["lat"]),
            '{"status": {"to": "open"}, "channel": "api"}',
        )
        body = orjson.dumps([{"service_request_id": identity, "service_notice": None, "account_id": None}])
        return Response(body, 201, media_type="application/json")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def build(url: str, jurisdiction_id: str) -> Starlette:
    floor = Floor(url, jurisdiction_id)
    routes = [
        Route("/one/{id}.{format}", floor.one),
        Route("/window.{format}", floor.window),
        Route("/after.{format}", floor.after),
        Route("/updated.{format}", floor.updated),
        Route("/box.{format}", floor.box),
        Route("/circle.{format}", floor.circle),
        Route("/poll", floor.poll),
        Route("/create", floor.create, methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=floor.lifespan)


def main(url: str, jurisdiction_id: str, port: int) -> None:
    config = uvicorn.Config(
        build(url, jurisdiction_id), host="127.0.0.1", port=port, loop="uvloop", http="httptools", ws="none", log_level="warning",
        access_log=False, server_header=False, date_header=True, proxy_headers=False,
    )  # fmt: skip
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
