"""What schemathesis cannot know: ids, codes and places that exist. Most cases get real ones, the others stay as they were made.

``OPEN311_TEST_FACTS`` names a JSON file with them; what is answered is counted in the file beside it.
"""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path
from typing import Any

import schemathesis

_FILE = Path(os.environ["OPEN311_TEST_FACTS"])
_FACTS: dict[str, Any] = json.loads(_FILE.read_text())
_ANSWERS = _FILE.with_suffix(".answers").open("a", buffering=1)


def _choice(value: object, kinds: int) -> int:
    """The same for the same case, so that a failure can be made again."""
    return zlib.crc32(repr(value).encode("utf-8", "replace")) % kinds


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    """In every phase, just before it is sent."""
    if isinstance(case.path_parameters, dict):
        _use_known_ids(case.path_parameters)
    if isinstance(case.query, dict):
        _use_known_places(case.query)
    if isinstance(case.body, dict) and case.path.startswith("/api/v1"):
        _make_manageable(case.body)
    elif isinstance(case.body, dict):
        _make_acceptable(case.body)
    if case.headers and _choice(dict(case.headers), 4):
        case.headers.pop("If-Match", None)


def _use_known_ids(parameters: dict[str, Any]) -> None:
    for name, known in _FACTS["path"].items():
        if name in parameters and (chosen := _choice(parameters, 3 * len(known) + 1)):
            parameters[name] = known[chosen % len(known)]


def _use_known_places(query: dict[str, Any]) -> None:
    if not _choice(query, 4):
        return
    if "jurisdiction_id" in query:
        query["jurisdiction_id"] = _FACTS["jurisdiction_id"]
    if ("lat" in query) != ("long" in query):
        query |= {"lat": _FACTS["lat"], "long": _FACTS["long"]}
    if "bbox" in query:
        query["bbox"] = "5.0,52.0,5.2,52.2"


def _make_acceptable(body: dict[str, Any]) -> None:
    turn = _choice(body, 6)
    if not turn:
        return
    body.pop("api_key", None)
    if "jurisdiction_id" in body:
        body["jurisdiction_id"] = _FACTS["jurisdiction_id"]
    codes = _FACTS["path"]["service_code"]
    body["service_code"] = codes[_choice((turn, body), len(codes))]
    if turn > 1:
        body |= {"lat": _FACTS["lat"], "long": _FACTS["long"]}
    if turn > 2:
        # Formats and pairs that random text hardly ever gets right.
        body["attribute"] = {"fault": "dark", "first": "1", "second": "2"}
        for name in ("email", "service_object_type", "service_object_id", "media_url"):
            body.pop(name, None)


def _make_manageable(body: dict[str, Any]) -> None:
    """Codes, states and addresses that random text never is."""
    if not _choice(body, 6):
        return
    for name in ("detailed_status", "version", "department"):
        body.pop(name, None)
    if "service_code" in body:
        body |= {"service_code": "tree-down", "address": "Mill Lane 12", "contact": None, "attributes": {"colour": "red"}}


@schemathesis.hook
def after_call(_context: Any, case: Any, response: Any) -> None:
    _ANSWERS.write(f"{case.operation.label}\t{response.status_code}\n")
