"""Parameters of the path, the query and the header, with the limits that parsing uses.

``also`` names what other clients call the same thing. A test compares these names with the ones the code reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from open311_api.georeport.list_parameters import DEFAULT_WINDOW, LARGEST_RADIUS, MAXIMUM_IDS, MAXIMUM_PAGE, SORT_FIELDS
from open311_api.georeport.posting import LONGEST_IDEMPOTENCY_KEY

Json = dict[str, Any]

_TEXT: Json = {"type": "string"}
_FLAG: Json = {"type": "boolean"}
_WHOLE: Json = {"type": "integer", "minimum": 1}
_TEXTS: Json = {"type": "array", "items": {"type": "string"}}
_MOMENT: Json = {"type": "string", "format": "date-time"}
LATITUDE: Json = {"type": "number", "minimum": -90, "maximum": 90}
LONGITUDE: Json = {"type": "number", "minimum": -180, "maximum": 180}
_DAYS = DEFAULT_WINDOW.days


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of one or more operations."""

    name: str
    description: str
    schema: Json
    also: tuple[str, ...] = ()
    place: str = "query"
    example: Any = None
    required: bool = False

    def document(self) -> Json:
        text = self.description
        if self.also:
            text += f" Also understood as {', '.join(f'`{name}`' for name in self.also)}."
        made: Json = {"name": self.name, "in": self.place, "description": text, "schema": self.schema}
        if self.required or self.place == "path":
            made["required"] = True
        if self.schema.get("type") == "array":
            made |= {"style": "form", "explode": False}
        if self.example is not None:
            made["example"] = self.example
        return made


def in_format(*formats: str) -> Parameter:
    """The suffix of the path; the first is what a reader of the docs page sees first."""
    return Parameter(
        "format",
        "The format of the answer. In any letter case; left out together with its dot, the Accept header decides.",
        {"type": "string", "enum": list(formats)},
        place="path",
        example=formats[0],
    )


JURISDICTION = Parameter(
    "jurisdiction_id",
    "Which city is meant. Needed only where a server has several; letter case and a leading `www.` do not matter.",
    _TEXT,
)
LOCALE = Parameter(
    "locale",
    "Language of names and descriptions, such as `fi`, `fi-FI` or `fi_FI`. What is not translated stays as the city wrote it; "
    "without it, Accept-Language counts.",
    _TEXT,
    also=("langcode",),
)
EXTENSIONS = Parameter(
    "extensions", "`true` adds what the specification has no field for. A list of names counts as `true`.", _FLAG
)
IF_NONE_MATCH = Parameter(
    "If-None-Match", "The ETag of your copy: while it still holds, the answer is an empty 304.", _TEXT, place="header"
)
LAT = Parameter("lat", "Latitude of a place (WGS84, decimal degrees with a dot). Goes together with `long`.", LATITUDE)
LONG = Parameter("long", "Longitude of the place. Goes together with `lat`.", LONGITUDE, also=("lng", "lon"))

READ = (JURISDICTION, LOCALE, EXTENSIONS)

SERVICES = (
    LAT,
    LONG,
    Parameter("group", "Only services of these groups.", _TEXTS),
    Parameter("keywords", "Only services with one of these keywords.", _TEXTS),
)

LIST = (
    Parameter(
        "service_request_id",
        f"Just these reports, up to {MAXIMUM_IDS:,} ids with commas between them. Every other filter and paging is then ignored; "
        "ids that are not found are left out.",
        _TEXTS,
    ),
    Parameter("service_code", "Reports of any of these services.", _TEXTS),
    Parameter(
        "status", "Reports in any of these states, in any letter case.", {"type": "array", "items": {"enum": ["open", "closed"]}}
    ),
    Parameter(
        "start_date",
        f"Reported at this moment or later. Without any date you get the last {_DAYS} days. A date alone is the beginning of that "
        "day; without an offset, the city's own time is meant.",
        _MOMENT,
    ),
    Parameter(
        "end_date",
        f"Reported at this moment or before; alone, the {_DAYS} days before it. A date alone is the end of that day.",
        _MOMENT,
    ),
    Parameter(
        "updated_after",
        "Changed at this moment or later, however old the report is. Best for keeping a copy current.",
        _MOMENT,
        also=("updated",),
    ),
    Parameter("updated_before", "Changed at this moment or before.", _MOMENT),
    Parameter("q", "Words to find in description, title, address and id; the best matches first.", _TEXT, also=("search",)),
    Parameter(
        "bbox",
        "Inside this box: `minLong,minLat,maxLong,maxLat`, such as `4.9,52.0,5.3,52.3`. minLong above maxLong means a box "
        "across the 180th meridian.",
        _TEXT,
    ),
    Parameter("lat", "Middle of a circle. `lat`, `long` and `radius` go together.", LATITUDE),
    Parameter("long", "Middle of a circle.", LONGITUDE, also=("lng", "lon")),
    Parameter("radius", "Metres around the middle.", {"type": "number", "minimum": 0, "maximum": LARGEST_RADIUS}),
    Parameter("agency_responsible", "Reports that any of these departments takes care of, by their full name.", _TEXTS),
    Parameter("detailed_status", "Reports in any of these finer states, such as `RECEIVED` or `IN_PROCESS`.", _TEXTS),
    Parameter("service_object_type", "Reports about an object of the city, such as a lamp. Goes with `service_object_id`.", _TEXT),
    Parameter("service_object_id", "Which object of that type.", _TEXT),
    Parameter("title", "Words of the title.", _TEXT),
    Parameter("has_photo", "Only reports with a picture, or only those without.", _FLAG, also=("with_picture", "with_foto")),
    Parameter(
        "sort",
        "Field to sort by, with `-` in front for descending. Without it: newest first, or with `q` the best match first.",
        {"type": "string", "enum": [*SORT_FIELDS, *(f"-{name}" for name in SORT_FIELDS)]},
        also=("order_by",),
    ),
    Parameter(
        "page_size",
        f"Reports on a page; {MAXIMUM_PAGE:,} where it is left out. A larger number counts as {MAXIMUM_PAGE:,}, one below 1 as "
        f"left "
        "out. The downloads in GeoJSON and CSV are not paged: there it is the most you want.",
        {**_WHOLE, "maximum": MAXIMUM_PAGE},
        also=("per_page", "limit", "max_requests", "count"),
        example=20,
    ),
    Parameter("page", "1 is the first page, and so is any smaller number. A page past the end is empty.", _WHOLE),
    Parameter("offset", "Reports to skip, instead of `page`.", {"type": "integer", "minimum": 0}),
    Parameter("cursor", "Where the next page begins, as the `Link` header says. Do not make one up.", _TEXT),
)

IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "Any text of your own, the same for each attempt to send one report: sent again, it is answered as the first time and "
    "stored once.",
    {"type": "string", "minLength": 1, "maxLength": LONGEST_IDEMPOTENCY_KEY, "pattern": "^[!-~]+$"},
    place="header",
)


def member(name: str, description: str, example: str) -> Parameter:
    """An identifier in the path."""
    return Parameter(name, description, {"type": "string", "minLength": 1}, place="path", example=example)
