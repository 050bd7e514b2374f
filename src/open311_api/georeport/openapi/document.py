"""The whole OpenAPI 3.1 document, made from the application's routes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import yaml
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from open311_api.georeport import export_schemas, schemas
from open311_api.georeport.openapi.answers import HEADERS, shared_answers
from open311_api.georeport.openapi.bodies import report_schemas
from open311_api.georeport.openapi.operations import OPERATIONS
from open311_api.georeport.openapi.parameters import Json
from open311_api.web.problems import PROBLEM_SCHEMA

DOCUMENTS: tuple[type[BaseModel], ...] = (
    schemas.Errors,
    schemas.Services,
    schemas.ServiceDefinition,
    schemas.ServiceRequests,
    schemas.SubmittedRequests,
    schemas.TokenAnswers,
    schemas.Discovery,
    schemas.Coverage,
    export_schemas.FeatureCollection,
    export_schemas.BulkRequests,
)
"""Everything an operation may answer with."""

_ABOUT = """\
Report potholes, dark lamps and everything else a city looks after, and follow what becomes of it.
This server speaks [Open311 GeoReport v2](https://wiki.open311.org/GeoReport_v2/) in XML and JSON.

**Reading** needs no key. **Reporting** needs one: send it as `X-Api-Key`, as `Authorization: Bearer`, or as `api_key` in the form
or the query.

**Formats** are chosen by the suffix of the path. Both hold the same values; in JSON the outermost element disappears and lists are
arrays, even with one item or none.

**Errors** are always a list of `code` and `description`, in the format of the path; everything that is wrong is listed at once.
Besides the ones shown, a wrong method is answered with 405.

**The back office**, everything under `/api/v1`, is JSON with keys of the scope `requests:manage` or `requests:read_private`, sent
in a header only; its errors are problem documents (RFC 9457).

**Dates** have seconds and an offset, `2026-02-10T17:42:05+01:00`. **Places** are WGS84 in decimal degrees. **Text** is UTF-8.
An empty parameter counts as left out; unknown ones are ignored. HEAD works wherever GET does. `callback` (JSONP) does nothing
unless the operator switches it on: any page may call this server directly (CORS).
"""
_TAGS = (
    ("Discovery", "Find the API, and whether it covers a place."),
    ("Services", "What can be reported, and what a report has to say."),
    ("Requests", "Report something; see what became of it."),
    ("Downloads", "Everything, for analysis."),
    ("Back office", "For the city's own staff and systems: everything about a report, and its life."),
    ("Catalogue", "For the same: what the city is made of."),
    ("Health", "For operators: whether the server lives and is ready."),
)
_KEYS: Json = {
    "KeyHeader": {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "Your key in a header: the best place."},
    "BearerKey": {"type": "http", "scheme": "bearer", "description": "Your key as a bearer token."},
    "KeyQuery": {
        "type": "apiKey",
        "in": "query",
        "name": "api_key",
        "description": "Your key in the query. In a form, the field `api_key` does the same.",
    },
}


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """From the routes of ``app``; the same on every machine."""
    document = get_openapi(
        title="Open311 GeoReport v2",
        version=app.version,
        openapi_version="3.1.0",
        summary="Report street problems to a city, and follow what becomes of them.",
        description=_ABOUT,
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in _TAGS],
        servers=[{"url": "/", "description": "The server this document comes from"}],
        contact={"name": "open311-api", "url": "https://wiki.open311.org/GeoReport_v2/"},
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    ours = {operation["operation_id"]: operation["openapi_extra"] for operation in OPERATIONS.values()}
    for path in document["paths"].values():
        for operation in path.values():
            # Once more as we wrote it: FastAPI leaves nulls out, in examples too, where they are meant.
            operation.update(ours.get(operation["operationId"], {}))
    order = [operation["operation_id"] for operation in OPERATIONS.values()]
    document["paths"] = dict(sorted(document["paths"].items(), key=lambda item: _place(item[1], order)))
    components = document.setdefault("components", {})
    components["schemas"] = {**components.get("schemas", {}), **_schemas(), "ProblemDocument": PROBLEM_SCHEMA}
    components["responses"] = shared_answers()
    components["headers"] = HEADERS
    components["securitySchemes"] = _KEYS
    return document


def _place(path: Json, order: list[str]) -> int:
    """Readers meet the operations in the order of the table; what is not GeoReport comes last."""
    return min(order.index(name) if (name := item["operationId"]) in order else len(order) for item in path.values())


def _schemas() -> Json:
    _, found = models_json_schema([(model, "validation") for model in DOCUMENTS], ref_template="#/components/schemas/{model}")
    made: Json = found["$defs"]
    for schema in made.values():
        # "Service Code" beside service_code says nothing; an absent field has no default that is ever sent.
        for field in schema.get("properties", {}).values():
            field.pop("title", None)
            field.pop("default", None)
    return {**made, **report_schemas()}


def to_yaml(document: dict[str, Any]) -> str:
    """Long texts in one piece, keys in the order of the document."""
    return yaml.dump(document, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=120)


@lru_cache(maxsize=1)
def _dumper() -> type[yaml.Dumper]:
    """Fast where libyaml is there; lines as blocks; no anchors, which some readers of OpenAPI do not follow."""
    base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

    class Dumper(base):  # type: ignore[misc]  # the base is chosen at run time
        def ignore_aliases(self, data: object) -> bool:
            return True

    def text(dumper: Any, value: str) -> Any:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    return Dumper
