"""Cities made up by hypothesis: anything that a city file can say."""

from __future__ import annotations

import shapely
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, box

from open311_api.catalog.types import Attribute, AttributeValue, DetailedStatus, JurisdictionSettings
from open311_api.cities.city import City, CityArea, CityAreaSet, CityDepartment, CityJurisdiction, CityService
from open311_api.cities.document import UPDATE_WORDS
from open311_api.cities.polygons import DECIMALS

_letters = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\ufffe\uffff\x85")
_trap_words = st.sampled_from(
    ["no", "0042", "1e3", "~", "null", "2026-01-01", "12:30", "yes", "=", "<<", "*a", "&a", "- x", "a: b", "# x", "{}"]
)
names = _trap_words | st.text(_letters, min_size=1, max_size=20).map(str.strip).filter(bool)
texts = st.lists(st.text(_letters, max_size=15), max_size=3).map(lambda lines: "\n".join(lines).rstrip("\n"))
codes = st.sampled_from(["no", "0042", "1e3", "null", "007", "a.b", "straße"]) | st.from_regex(
    r"[A-Za-z0-9_-]{1,8}", fullmatch=True
)
_locales = st.sampled_from(["de", "es", "no", "pt-BR"])


@st.composite
def polygons(draw: st.DrawFn) -> bytes:
    """Some boxes apart from each other, on the grid that is stored."""
    boxes = []
    for index in range(draw(st.integers(1, 3))):
        west = draw(st.floats(0, 1)) + 2 * index
        south = draw(st.floats(10, 60))  # never where longitudes lie, or a file would look swapped
        corners = (west, south, west + draw(st.floats(0.001, 0.9)), south + draw(st.floats(0.001, 0.9)))
        boxes.append(box(*(round(number, DECIMALS) for number in corners)))
    return bytes(shapely.to_wkb(MultiPolygon(boxes), byte_order=1))


@st.composite
def _attributes(draw: st.DrawFn) -> tuple[Attribute, ...]:
    attributes = []
    orders = sorted(draw(st.sets(st.integers(1, 40), max_size=4)))
    for order, code in zip(orders, draw(st.lists(codes, min_size=4, max_size=4, unique=True)), strict=False):
        datatype = draw(st.sampled_from(["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]))
        keys = draw(st.lists(codes, min_size=1, max_size=3, unique=True)) if datatype.endswith("list") else []
        variable = draw(st.booleans())
        translations = {}
        for locale in draw(st.sets(_locales, max_size=2)):
            words = {"description": draw(texts), "values": {key: draw(names) for key in keys}}
            translations[locale] = {name: value for name, value in words.items() if value}
        attributes.append(
            Attribute(
                code=code,
                datatype=datatype,
                description=draw(texts),
                order=order,
                variable=variable,
                required=variable and draw(st.booleans()),
                datatype_description=draw(st.none() | texts.filter(bool)),
                values=tuple(AttributeValue(key, draw(names)) for key in keys),
                automated=draw(st.sampled_from([None, "hidden_field", "server_set"])),
                translations={locale: words for locale, words in translations.items() if words},
            )
        )
    return tuple(attributes)


@st.composite
def _services(draw: st.DrawFn, departments: list[str], areas: list[str]) -> tuple[CityService, ...]:
    services = []
    for code in draw(st.lists(codes, max_size=4, unique=True)):
        groups = tuple(draw(st.lists(names, max_size=2)))
        translations = {}
        for locale in draw(st.sets(_locales, max_size=2)):
            words = {"name": draw(names), "description": draw(texts), "groups": [draw(names) for _ in groups]}
            translations[locale] = {name: value for name, value in words.items() if value}
        services.append(
            CityService(
                code=code,
                name=draw(names),
                description=draw(texts),
                type=draw(st.sampled_from(["realtime", "batch", "blackbox"])),
                keywords=tuple(draw(st.lists(names.filter(lambda word: "," not in word), max_size=3))),
                groups=groups,
                department=draw(st.none() | st.sampled_from(departments)) if departments else None,
                notice=draw(st.none() | texts.filter(bool)),
                description_required=draw(st.booleans()),
                ids_assigned_by=draw(st.sampled_from(["worker", "back_office"])),
                visibility=draw(st.sampled_from(["public", "masked", "private"])),
                areas=tuple(sorted(draw(st.sets(st.sampled_from(areas), max_size=2)))) if areas else (),
                attributes=draw(_attributes()),
                translations=translations,
            )
        )
    return tuple(services)


@st.composite
def _area_sets(draw: st.DrawFn) -> tuple[CityAreaSet, ...]:
    sets = []
    for code in sorted(draw(st.sets(codes, max_size=2))):
        ranked = draw(st.booleans())
        areas = [
            CityArea(
                code=area,
                name=draw(names),
                geometry=draw(polygons()),
                priority=draw(st.integers(-5, 5)) if ranked else 0,
                properties=draw(
                    st.dictionaries(st.sampled_from(["code", "name", "priority", "people", "x"]), st.integers(0, 9) | names)
                ),
            )
            for area in sorted(draw(st.sets(codes, min_size=1, max_size=3)))
        ]
        sets.append(CityAreaSet(code, draw(names), tuple(areas)))
    return tuple(sets)


@st.composite
def _statuses(draw: st.DrawFn) -> tuple[DetailedStatus, ...]:
    chosen = draw(st.lists(codes, min_size=2, max_size=4, unique=True))
    return tuple(
        DetailedStatus(
            code=code,
            name=draw(names),
            status="open" if index % 2 == 0 else "closed",
            citysdk_word=draw(names),
            update_word=draw(st.sampled_from(UPDATE_WORDS)),
            allowed_next=draw(st.none() | st.lists(st.sampled_from(chosen), max_size=2).map(tuple)),
            is_default=index < 2,
        )
        for index, code in enumerate(chosen)
    )


@st.composite
def cities(draw: st.DrawFn) -> City:
    """With a triage department and statuses of its own, as every stored city has them."""
    department_codes = sorted(draw(st.sets(codes, min_size=1, max_size=3)))
    area_sets = draw(_area_sets())
    references = [f"{area_set.code}/{area.code}" for area_set in area_sets for area in area_set.areas]
    return City(
        jurisdiction_id="riverton.example",
        jurisdiction=CityJurisdiction(
            name=draw(names),
            time_zone=draw(st.sampled_from(["UTC", "Europe/Amsterdam", "America/Denver"])),
            locale=draw(st.sampled_from(["en", "fi"])),
            request_id_format=draw(st.sampled_from(["SR-{year}-{number:06}", "{number}", "{year}{number:05}-x"])),
            settings=JurisdictionSettings(contact=draw(names), fixmystreet_mode=draw(st.booleans())),
            boundary=draw(st.none() | polygons()),
        ),
        departments=tuple(
            CityDepartment(
                code=code,
                name=draw(names),
                public=draw(st.booleans()),
                triage=index == 0,
                contact=draw(st.dictionaries(st.sampled_from(["email", "phone"]), names)),
            )
            for index, code in enumerate(department_codes)
        ),
        statuses=draw(_statuses()),
        area_sets=area_sets,
        services=draw(_services(department_codes, references)),
    )
