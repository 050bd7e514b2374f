"""What clients may ask for beyond the specification (C-204 to C-219)."""

from __future__ import annotations

import threading
import time
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from builders import StoredRequest, ago, build_service_request, store
from conftest import Town
from reading import assert_refused, ids_of, links_of, requests_of

both = pytest.mark.parametrize("suffix", ["xml", "json"])


def stored(town: Town, *requests: StoredRequest) -> list[str]:
    return store(town.database_url, *requests)


def object_of(word: str) -> dict[str, str]:
    """A filter that only the requests of one test match."""
    return {"service_object_type": "https://riverton.example/assets", "service_object_id": word}


def several(town: Town, word: str, count: int, **columns: Any) -> list[str]:
    """Newest first, two in every second."""
    rows = [
        build_service_request(
            f"{word}-{number:04}", requested_datetime=ago(hours=1, seconds=-(number // 2)), **object_of(word), **columns
        )
        for number in range(count)
    ]
    stored(town, *rows)
    return [row.service_request_id for row in reversed(rows)]


@both
@pytest.mark.conformance("C-204", "C-205", "C-206")
def test_pages_continue_without_overlap_until_an_empty_one(town: Town, suffix: str, unique: str) -> None:
    ids = several(town, unique, 5)
    first = town.get(f"requests.{suffix}", params={**object_of(unique), "page_size": "2"})
    assert ids_of(first) == ids[:2]
    assert "next" in links_of(first)
    assert first.headers["x-total-count"] == "5"
    pages = {
        number: ids_of(town.get(f"requests.{suffix}", params={**object_of(unique), "page_size": "2", "page": number}))
        for number in ("0", "-3", "1", "2", "3", "4", "99", "99999999")
    }
    assert pages == {"0": ids[:2], "-3": ids[:2], "1": ids[:2], "2": ids[2:4], "3": ids[4:], "4": [], "99": [], "99999999": []}


@both
@pytest.mark.conformance("C-204")
def test_links_lead_to_the_first_the_next_the_previous_and_the_last_page(town: Town, suffix: str, unique: str) -> None:
    ids = several(town, unique, 5)
    answer = town.get(f"requests.{suffix}", params={**object_of(unique), "page_size": "2", "page": "2"})
    links = links_of(answer)
    assert set(links) == {"first", "prev", "next", "last"}
    pages = {relation: ids_of(town.server.client.get(address)) for relation, address in links.items()}
    assert pages == {"first": ids[:2], "prev": ids[:2], "next": ids[4:], "last": ids[4:]}
    assert "next" not in links_of(town.server.client.get(links["last"]))


@both
@pytest.mark.conformance("C-204")
def test_links_keep_the_filters_and_never_the_key(town: Town, suffix: str, unique: str) -> None:
    several(town, unique, 3)
    answer = town.get(f"requests.{suffix}", params={**object_of(unique), "page_size": "1", "status": "open", "api_key": town.key})
    for address in links_of(answer).values():
        assert address.startswith(f"{town.server.url}/open311/v2/requests.{suffix}?")
        assert "status=open" in address
        assert town.key not in address


@both
@pytest.mark.conformance("C-207")
def test_page_size_has_a_ceiling_aliases_and_must_be_a_number(town: Town, suffix: str, unique: str) -> None:
    ids = several(town, unique, 1100)
    assert ids_of(town.get(f"requests.{suffix}", params={**object_of(unique), "page_size": "5000"})) == ids[:1000]
    for alias in ("page_size", "per_page", "limit", "max_requests", "count"):
        assert ids_of(town.get(f"requests.{suffix}", params={**object_of(unique), alias: "3"})) == ids[:3]
    assert ids_of(town.get(f"requests.{suffix}", params={**object_of(unique), "limit": "3", "offset": "4"})) == ids[4:7]
    for name in ("page_size", "page", "offset"):
        assert_refused(town.get(f"requests.{suffix}", params={name: "x"}), 400, name)


@pytest.mark.conformance("C-208")
def test_the_total_is_exact_up_to_ten_thousand_and_then_left_out(town: Town) -> None:
    rows = [build_service_request(service_code="0042", requested_datetime=ago(days=700)) for _ in range(10_000)]
    stored(town, *rows)
    params = {"start_date": ago(days=710).isoformat(), "end_date": ago(days=690).isoformat(), "page_size": "10"}
    for suffix in ("xml", "json"):
        answer = town.get(f"requests.{suffix}", params=params)
        assert answer.headers["x-total-count"] == "10000"
        last = links_of(answer)["last"]
        assert len(ids_of(town.server.client.get(last))) == 10
    stored(town, build_service_request(requested_datetime=ago(days=700)))
    for suffix in ("xml", "json"):
        answer = town.get(f"requests.{suffix}", params=params)
        assert "x-total-count" not in answer.headers
        assert "next" in links_of(answer)
        assert "last" not in links_of(answer)
        last_page = town.get(f"requests.{suffix}", params={**params, "page": "1001"})
        assert len(ids_of(last_page)) == 1
        assert last_page.headers["x-total-count"] == "10001"
        assert town.get(f"requests.{suffix}", params={**params, "service_code": "tree-down"}).headers["x-total-count"] == "1"


@both
@pytest.mark.conformance("C-209", "C-210")
def test_changes_are_found_however_old_the_request_is(town: Town, suffix: str, unique: str) -> None:
    moment = ago(hours=2)
    long_ago, changed, later = stored(
        town,
        build_service_request(requested_datetime=ago(days=900), **object_of(unique)),
        build_service_request(requested_datetime=ago(days=800), updated_datetime=moment, **object_of(unique)),
        build_service_request(requested_datetime=ago(days=800, seconds=1), updated_datetime=ago(hours=1), **object_of(unique)),
    )

    def found(**params: str) -> list[str]:
        return ids_of(town.get(f"requests.{suffix}", params={**object_of(unique), **params}))

    assert found(updated_after=ago(hours=3).isoformat()) == [changed, later]
    assert found(updated=ago(hours=3).isoformat()) == [changed, later]
    assert found(updated_after=moment.isoformat(), updated_before=moment.isoformat()) == [changed]
    assert found(updated_before=moment.isoformat()) == [changed, long_ago]
    assert found(updated_after=ago(hours=3).isoformat(), start_date=ago(days=90).isoformat()) == []
    assert found() == []
    refused = town.get(f"requests.{suffix}", params={"updated_after": "2026-02-02", "updated_before": "2026-02-01"})
    assert_refused(refused, 400, "updated_after")


CENTRE = (52.1, 5.05)


@both
@pytest.mark.conformance("C-211", "C-212")
def test_a_circle_holds_what_is_that_near_in_metres(town: Town, suffix: str, unique: str) -> None:
    lat, long = CENTRE
    # 0.001 degrees are about 111.3 m to the north and 68.5 m to the east here.
    near, east, far, nowhere = stored(
        town,
        build_service_request(lat=lat + 0.001, long=long, **object_of(unique)),
        build_service_request(lat=lat, long=long + 0.0015, **object_of(unique)),
        build_service_request(lat=lat + 0.0012, long=long, **object_of(unique)),
        build_service_request(lat=None, long=None, **object_of(unique)),
    )
    params = {**object_of(unique), "lat": str(lat), "long": str(long), "radius": "112"}
    assert set(ids_of(town.get(f"requests.{suffix}", params=params))) == {near, east}
    assert set(ids_of(town.get(f"requests.{suffix}", params={**params, "radius": "134"}))) == {near, east, far}
    assert ids_of(town.get(f"requests.{suffix}", params={**params, "radius": "0"})) == []
    assert nowhere in ids_of(town.get(f"requests.{suffix}", params=object_of(unique)))
    lng = {"lat": str(lat), "lng": str(long), "radius": "112"}
    assert set(ids_of(town.get(f"requests.{suffix}", params={**object_of(unique), **lng}))) == {near, east}


@pytest.mark.conformance("C-211")
def test_a_circle_tells_the_distance_where_extensions_are_asked_for(town: Town, unique: str) -> None:
    (identity,) = stored(town, build_service_request(lat=52.101, long=5.05, **object_of(unique)))
    params = {**object_of(unique), "lat": "52.1", "long": "5.05", "radius": "500", "extensions": "true"}
    (shown,) = town.get("requests.json", params=params).json()
    assert shown["service_request_id"] == identity
    assert 111 < shown["extended_attributes"]["distance"] < 112
    element = ET.fromstring(town.get("requests.xml", params=params).content)[0]
    assert float(element.findtext("extended_attributes/distance") or 0) == shown["extended_attributes"]["distance"]
    assert "distance" not in town.get(f"requests/{identity}.json", params={"extensions": "true"}).text


@both
@pytest.mark.conformance("C-212")
@pytest.mark.parametrize(
    "params",
    [
        {"lat": "52", "long": "5"},
        {"radius": "10"},
        {"lat": "52", "radius": "10"},
        {"lat": "91", "long": "5", "radius": "10"},
        {"lat": "52", "long": "5", "radius": "-1"},
        {"lat": "52", "long": "5", "radius": "NaN"},
        {"lat": "52,1", "long": "5", "radius": "10"},
    ],
)
def test_half_a_circle_is_refused(town: Town, suffix: str, params: dict[str, str]) -> None:
    assert_refused(town.get(f"requests.{suffix}", params=params), 400)


@both
@pytest.mark.conformance("C-211", "C-213")
def test_circles_and_boxes_cross_the_antimeridian(town: Town, suffix: str, unique: str) -> None:
    west, east, edge, far = stored(
        town,
        build_service_request(lat=-17.0, long=179.999, **object_of(unique)),
        build_service_request(lat=-17.0, long=-179.999, **object_of(unique)),
        build_service_request(lat=-17.0, long=180.0, **object_of(unique)),
        build_service_request(lat=-17.0, long=0.0, **object_of(unique)),
    )
    for long in ("179.9995", "-179.9995", "180", "-180"):
        params = {**object_of(unique), "lat": "-17", "long": long, "radius": "300"}
        assert set(ids_of(town.get(f"requests.{suffix}", params=params))) == {west, east, edge}
    box = town.get(f"requests.{suffix}", params={**object_of(unique), "bbox": "179.5,-18,-179.5,-16"})
    assert set(ids_of(box)) == {west, east, edge}
    assert far in ids_of(town.get(f"requests.{suffix}", params={**object_of(unique), "bbox": "-179.5,-18,179.5,-16"}))


@both
@pytest.mark.conformance("C-211")
def test_a_circle_near_a_pole_reaches_over_it(town: Town, suffix: str, unique: str) -> None:
    here, beyond, far = stored(
        town,
        build_service_request(lat=89.9995, long=0.0, **object_of(unique)),
        build_service_request(lat=89.996, long=180.0, **object_of(unique)),
        build_service_request(lat=89.9, long=90.0, **object_of(unique)),
    )
    params = {**object_of(unique), "lat": "89.999", "long": "0", "radius": "1000"}
    assert set(ids_of(town.get(f"requests.{suffix}", params=params))) == {here, beyond}
    (south,) = stored(town, build_service_request(lat=-89.996, long=-90.0, **object_of(unique)))
    params = {**object_of(unique), "lat": "-89.999", "long": "90", "radius": "1000"}
    assert set(ids_of(town.get(f"requests.{suffix}", params=params))) == {south}
    params = {**object_of(unique), "lat": "0", "long": "0", "radius": "20037508"}
    assert set(ids_of(town.get(f"requests.{suffix}", params=params))) == {here, beyond, far, south}


@both
@pytest.mark.conformance("C-213")
def test_a_box_holds_what_lies_inside_to_the_last_digit(town: Town, suffix: str, unique: str) -> None:
    inside, corner, outside, above = stored(
        town,
        build_service_request(lat=52.1, long=5.1, **object_of(unique)),
        build_service_request(lat=52.0, long=5.0, **object_of(unique)),
        build_service_request(lat=52.1, long=5.2000001, **object_of(unique)),
        build_service_request(lat=52.2000001, long=5.1, **object_of(unique)),
    )
    answer = town.get(f"requests.{suffix}", params={**object_of(unique), "bbox": "5.0, 52.0, 5.2, 52.2"})
    assert set(ids_of(answer)) == {inside, corner}
    everything = town.get(f"requests.{suffix}", params={**object_of(unique), "bbox": "-180,-90,180,90"})
    assert set(ids_of(everything)) == {inside, corner, outside, above}


@both
@pytest.mark.conformance("C-213")
@pytest.mark.parametrize("bbox", ["5,52,6", "5,52,6,53,1", "a,b,c,d", "5,53,6,52", "5,52,181,53", "5,-91,6,53", "5;52;6;53", ",,,"])
def test_what_is_no_box_is_refused(town: Town, suffix: str, bbox: str) -> None:
    assert_refused(town.get(f"requests.{suffix}", params={"bbox": bbox}), 400, "bbox")


@pytest.fixture(scope="module")
def everything(town: Town) -> str:
    (parent,) = stored(town, build_service_request())
    (identity,) = stored(
        town,
        build_service_request(
            service_code="0042",
            department="lighting",
            status="closed",
            title="Dark lamp",
            channel="phone",
            duplicate=True,
            parent=parent,
            closed_datetime=ago(minutes=5),
            updated_datetime=ago(minutes=2),
            media_urls=["https://media.example/1.jpg"],
            attribute_answers=[
                {"name": "fault", "code": "dark", "label": "What is wrong?", "value": "Completely dark"},
                {"name": "access", "code": None, "label": "Is there anything the crew should know?", "value": "Ring"},
            ],
            extra_answers={"secret": "never shown"},
            notes=[("Seen by the crew", True), ("The neighbour is angry", False)],
            extended_attributes={"ward": "7", "title": "not this one"},
        ),
    )
    return identity


@both
@pytest.mark.conformance("C-214")
@pytest.mark.parametrize("written", ["false", "0", "no", "", "FALSE"])
def test_without_extensions_nothing_is_added(town: Town, suffix: str, everything: str, written: str) -> None:
    plain = town.get(f"requests/{everything}.{suffix}")
    assert town.get(f"requests/{everything}.{suffix}", params={"extensions": written}).content == plain.content
    (shown,) = requests_of(plain)
    assert not {"attributes", "notes", "extended_attributes"} & set(shown)


@pytest.mark.conformance("C-214", "C-217")
@pytest.mark.parametrize("written", ["true", "1", "yes", "TRUE", "media,title"])
def test_extensions_add_attributes_notes_and_extended_attributes(town: Town, everything: str, written: str) -> None:
    (shown,) = town.get(f"requests/{everything}.json", params={"extensions": written}).json()
    assert list(shown)[17:] == ["attributes", "notes", "extended_attributes"]
    assert shown["attributes"][0] == {"code": "dark", "label": "What is wrong?", "name": "fault", "value": "Completely dark"}
    assert [(note["type"], note["description"]) for note in shown["notes"]] == [
        ("submitted", None),
        ("activity", "Seen by the crew"),
        ("activity", None),
        ("closed", None),
    ]
    assert [note["datetime"] for note in shown["notes"]] == sorted(note["datetime"] for note in shown["notes"])
    extended = shown["extended_attributes"]
    assert extended["title"] == "Dark lamp"
    assert extended["channel"] == "phone"
    assert extended["duplicate"] is True
    assert extended["parent_service_request_id"]
    assert extended["jurisdiction_id"] == "riverton.example"
    assert extended["closed_datetime"] < shown["updated_datetime"]
    assert extended["media_urls"] == ["https://media.example/1.jpg"]
    assert extended["ward"] == "7"
    assert set(extended["detailed_status"].split(",")) <= {"PROCESSED", "ARCHIVED", "REJECTED"}


@pytest.mark.conformance("C-214")
def test_extensions_in_xml_are_nested_elements(town: Town, everything: str) -> None:
    answer = town.get(f"requests/{everything}.xml", params={"extensions": "true"})
    (request,) = ET.fromstring(answer.content)
    assert [child.tag for child in request][17:] == ["attributes", "notes", "extended_attributes"]
    assert request.findtext("attributes/attribute/code") == "dark"
    assert [note.findtext("type") for note in request.iterfind("notes/note")] == ["submitted", "activity", "activity", "closed"]
    assert request.findtext("extended_attributes/media_urls/media_url") == "https://media.example/1.jpg"
    assert request.findtext("extended_attributes/duplicate") == "true"


@both
@pytest.mark.conformance("C-214")
def test_private_notes_and_unasked_answers_are_never_shown(town: Town, suffix: str, everything: str) -> None:
    text = town.get(f"requests/{everything}.{suffix}", params={"extensions": "true"}).text
    assert "Seen by the crew" in text
    assert "angry" not in text
    assert "never shown" not in text


@both
@pytest.mark.conformance("C-216")
def test_a_service_object_needs_its_type_and_its_id(town: Town, suffix: str, unique: str) -> None:
    (identity,) = stored(town, build_service_request(**object_of(unique)))
    stored(town, build_service_request(**object_of(f"{unique}-other")))
    assert ids_of(town.get(f"requests.{suffix}", params=object_of(unique))) == [identity]
    assert_refused(town.get(f"requests.{suffix}", params={"service_object_id": "x"}), 400, "service_object_type")
    assert_refused(town.get(f"requests.{suffix}", params={"service_object_type": "x"}), 400, "service_object_id")


@pytest.mark.conformance("C-217")
@pytest.mark.parametrize(
    ("status", "words"), [("open", {"RECEIVED", "IN_PROCESS"}), ("closed", {"PROCESSED", "ARCHIVED", "REJECTED"})]
)
def test_detailed_status_agrees_with_status_and_is_a_filter(town: Town, unique: str, status: str, words: set[str]) -> None:
    (identity,) = stored(town, build_service_request(status=status, **object_of(unique)))
    (shown,) = town.get("requests.json", params={**object_of(unique), "extensions": "true"}).json()
    detailed = shown["extended_attributes"]["detailed_status"]
    assert isinstance(detailed, str)
    assert set(detailed.split(",")) <= words
    for suffix in ("xml", "json"):
        params = {**object_of(unique), "detailed_status": f"{detailed.lower()},NOTHING"}
        assert ids_of(town.get(f"requests.{suffix}", params=params)) == [identity]
        assert ids_of(town.get(f"requests.{suffix}", params={**object_of(unique), "detailed_status": "NOTHING"})) == []


@both
@pytest.mark.conformance("C-218")
def test_q_finds_words_of_description_title_address_and_id(town: Town, suffix: str, unique: str) -> None:
    ids = stored(
        town,
        build_service_request(description=f"Near the {unique}, by the pond", requested_datetime=ago(hours=4)),
        build_service_request(title=f"The {unique} is broken", requested_datetime=ago(hours=3)),
        build_service_request(address=f"{unique} Lane 12", requested_datetime=ago(hours=2)),
        build_service_request(unique, requested_datetime=ago(hours=1)),
    )
    stored(town, build_service_request(description="something else"))
    for name in ("q", "search"):
        assert set(ids_of(town.get(f"requests.{suffix}", params={name: unique.upper()}))) == set(ids)
    answer = town.get(f"requests.{suffix}", params={"q": unique, "sort": "requested_datetime"})
    assert ids_of(answer) == ids
    assert ids_of(town.get(f"requests.{suffix}", params={"q": f"{unique} nothingelse"})) == []
    part = unique[1:20]  # a piece of a word is found in titles and addresses
    assert set(ids_of(town.get(f"requests.{suffix}", params={"q": part}))) == set(ids[1:3])


@both
@pytest.mark.conformance("C-218")
def test_q_finds_the_ids_the_server_gives(town: Town, suffix: str) -> None:
    identity = town.report()
    assert ids_of(town.get(f"requests.{suffix}", params={"q": identity})) == [identity]
    assert ids_of(town.get(f"requests.{suffix}", params={"q": identity.lower()})) == [identity]


@both
@pytest.mark.conformance("C-218")
def test_q_folds_accents_both_ways(town: Town, suffix: str, unique: str) -> None:
    with_accent, without = stored(
        town,
        build_service_request(description=f"{unique} at the café", requested_datetime=ago(hours=2)),
        build_service_request(description=f"{unique} at the CAFE", requested_datetime=ago(hours=1)),
    )
    for word in ("cafe", "café", "CAFÉ"):
        answer = town.get(f"requests.{suffix}", params={"q": f"{unique} {word}", "sort": "-requested_datetime"})
        assert ids_of(answer) == [without, with_accent]


@both
@pytest.mark.conformance("C-218")
def test_percent_and_underscore_in_q_mean_themselves(town: Town, suffix: str, unique: str) -> None:
    percent, underscore, plain = stored(
        town,
        build_service_request(title=f"{unique}%x"),
        build_service_request(title=f"{unique}_x"),
        build_service_request(title=f"{unique}yx"),
    )
    assert ids_of(town.get(f"requests.{suffix}", params={"title": f"{unique}%x"})) == [percent]
    assert ids_of(town.get(f"requests.{suffix}", params={"title": f"{unique}_x"})) == [underscore]
    for sign in ("%", "_", "\\"):
        found = ids_of(town.get(f"requests.{suffix}", params={"q": sign}))
        assert plain not in found
    assert plain not in ids_of(town.get(f"requests.{suffix}", params={"q": f"{unique}_x"}))
    assert plain not in ids_of(town.get(f"requests.{suffix}", params={"q": f"{unique}%x"}))


@both
@pytest.mark.conformance("C-218")
@pytest.mark.parametrize("words", ["'", '"', '"open', "a & b | !c", "(((", ":*", "-", "a\x01b", "x" * 3000, "or or or", "\u202e"])
def test_q_takes_any_text(town: Town, suffix: str, words: str) -> None:
    assert town.get(f"requests.{suffix}", params={"q": words}).status_code == 200


@both
@pytest.mark.conformance("C-218")
def test_pages_of_a_search_continue_without_overlap(town: Town, suffix: str, unique: str) -> None:
    rows = [build_service_request(description=f"{unique} word", requested_datetime=ago(minutes=number)) for number in range(7)]
    ids = stored(town, *rows)
    for start in ({"page_size": "3"}, {"limit": "3", "offset": "0"}):
        answer = town.get(f"requests.{suffix}", params={"q": unique, **start})
        found = ids_of(answer)
        while "next" in links_of(answer):
            answer = town.server.client.get(links_of(answer)["next"])
            found += ids_of(answer)
            assert len(found) <= 7
        assert sorted(found) == sorted(ids)


SORTS = [
    (field, sign)
    for field in ("requested_datetime", "updated_datetime", "status", "service_code", "service_request_id", "created", "updated")
    for sign in ("", "-")
]


@pytest.fixture(scope="module")
def mixed(town: Town) -> list[StoredRequest]:
    """Forty requests whose every field repeats."""
    codes = ["tree-down", "0042", "a.b", "fms"]
    rows = [
        build_service_request(
            f"MIX-{number * 7 % 40:02}",
            service_code=codes[number % 4],
            status=("open", "closed")[number % 3 == 0],
            requested_datetime=ago(days=5, minutes=number % 5),
            updated_datetime=ago(days=1, minutes=number % 6),
            **object_of("mixed"),
        )
        for number in range(40)
    ]
    stored(town, *rows)
    return rows


@both
@pytest.mark.conformance("C-219")
@pytest.mark.parametrize(("field", "sign"), SORTS)
def test_every_sort_orders_and_pages_in_both_directions(
    town: Town, suffix: str, mixed: list[StoredRequest], field: str, sign: str
) -> None:
    name = {"created": "requested_datetime", "updated": "updated_datetime"}.get(field, field)
    params = {**object_of("mixed"), "sort": f"{sign}{field}"}
    whole = requests_of(town.get(f"requests.{suffix}", params=params))
    values = [request[name] for request in whole]
    assert values == sorted(values, reverse=sign == "-")
    assert sorted(request["service_request_id"] for request in whole) == sorted(row.service_request_id for row in mixed)
    answer = town.get(f"requests.{suffix}", params={**params, "page_size": "7"})
    paged = ids_of(answer)
    while "next" in links_of(answer):
        answer = town.server.client.get(links_of(answer)["next"])
        paged += ids_of(answer)
        assert len(paged) <= 40
    assert paged == [request["service_request_id"] for request in whole]
    numbered = [
        identity
        for page in range(1, 8)
        for identity in ids_of(town.get(f"requests.{suffix}", params={**params, "page_size": "7", "page": str(page)}))
    ]
    assert numbered == paged


@both
@pytest.mark.conformance("C-219")
def test_an_unknown_sort_or_a_foreign_cursor_is_refused(town: Town, suffix: str, mixed: list[StoredRequest]) -> None:
    assert_refused(town.get(f"requests.{suffix}", params={"sort": "description"}), 400, "sort")
    for sort in ("service_request_id", "-status", "updated_datetime"):
        answer = town.get(f"requests.{suffix}", params={**object_of("mixed"), "sort": sort, "page_size": "5"})
        cursor = links_of(answer)["next"].partition("cursor=")[2]
        other = {"service_request_id": "status", "-status": "-service_request_id", "updated_datetime": "service_code"}[sort]
        assert_refused(town.get(f"requests.{suffix}?cursor={cursor}&sort={other}"), 400, "cursor")
    assert_refused(town.get(f"requests.{suffix}?cursor=garbage"), 400, "cursor")


def test_following_next_misses_and_repeats_nothing_while_others_report(town: Town, unique: str) -> None:
    ids = several(town, unique, 300)
    stop, new = threading.Event(), []

    def report() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            moment = ago(hours=1, seconds=-(number % 300))
            new.extend(
                stored(town, build_service_request(f"{unique}-x{number:04}", requested_datetime=moment, **object_of(unique)))
            )

    other = threading.Thread(target=report)
    other.start()
    try:
        deadline = time.monotonic() + 5
        while len(new) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        answer = town.get("requests.json", params={**object_of(unique), "page_size": "9"})
        found = ids_of(answer)
        while "next" in links_of(answer):
            answer = town.server.client.get(links_of(answer)["next"])
            found += ids_of(answer)
    finally:
        stop.set()
        other.join()
    assert len(new) >= 3
    assert len(found) == len(set(found))
    assert [identity for identity in found if identity in set(ids)] == ids


@both
def test_departments_are_a_filter_in_any_case(town: Town, suffix: str, unique: str) -> None:
    lamps, parks, _ = stored(
        town,
        build_service_request(department="lighting", requested_datetime=ago(hours=2), **object_of(unique)),
        build_service_request(department="parks", requested_datetime=ago(hours=1), **object_of(unique)),
        build_service_request(**object_of(unique)),
    )

    def found(names: str) -> list[str]:
        return ids_of(town.get(f"requests.{suffix}", params={**object_of(unique), "agency_responsible": names}))

    assert found("public LIGHTING") == [lamps]
    assert found("Public Lighting,Parks") == [parks, lamps]
    assert found("Nobody") == []


@both
@pytest.mark.parametrize("name", ["has_photo", "with_picture", "with_foto"])
def test_pictures_are_a_filter(town: Town, suffix: str, unique: str, name: str) -> None:
    with_photo, without = stored(
        town,
        build_service_request(media_urls=["https://media.example/1.jpg"], **object_of(unique)),
        build_service_request(**object_of(unique)),
    )
    assert ids_of(town.get(f"requests.{suffix}", params={**object_of(unique), name: "true"})) == [with_photo]
    assert ids_of(town.get(f"requests.{suffix}", params={**object_of(unique), name: "no"})) == [without]
    assert_refused(town.get(f"requests.{suffix}", params={name: "maybe"}), 400, name)


@both
def test_a_masked_request_is_shown_roughly_and_found_only_there(town: Town, suffix: str, unique: str) -> None:
    """Neither the place nor the address can be asked out of circles, boxes, distances or searches."""
    lat, long = 52.1034567, 5.0834567
    (identity,) = stored(
        town,
        build_service_request(
            service_code="fms",
            visibility="masked",
            lat=lat,
            long=long,
            description=f"{unique} words",
            address=f"{unique}lane 12",
            address_id=f"{unique}-address",
            service_object_type="lamp",
            service_object_id=f"{unique}-lamp",
            extended_attributes={"door": f"{unique}-door"},
            attribute_answers=[{"name": "closest_address", "code": None, "label": "Closest", "value": f"{unique}-closest"}],
        ),
    )
    (shown,) = requests_of(town.get(f"requests/{identity}.{suffix}"))
    shown_lat, shown_long = float(shown["lat"]), float(shown["long"])
    assert (shown_lat, shown_long) != (lat, long)
    assert abs(shown_lat - lat) < 0.001
    assert abs(shown_long - long) < 0.0016
    assert (shown["address"], shown["address_id"]) == (None, None)
    text = town.get(f"requests/{identity}.{suffix}", params={"extensions": "true"}).text
    for secret in ("lane", "address<", "lamp", "door", "closest"):
        assert f"{unique}-{secret}" not in text
        assert f"{unique}{secret}" not in text

    def found(**params: str) -> bool:
        return identity in ids_of(town.get(f"requests.{suffix}", params={"service_code": "fms", **params}))

    def box(lat: float, long: float) -> str:
        return f"{long - 0.00001:.7f},{lat - 0.00001:.7f},{long + 0.00001:.7f},{lat + 0.00001:.7f}"

    assert found(bbox=box(shown_lat, shown_long))
    assert not found(bbox=box(lat, long))
    assert found(lat=str(shown_lat), long=str(shown_long), radius="1")
    assert not found(lat=str(lat), long=str(long), radius="1")
    assert found(q=unique)
    assert not found(q=f"{unique}lane")
    assert not found(service_object_type="lamp", service_object_id=f"{unique}-lamp")
    around = {"lat": str(shown_lat), "long": str(shown_long), "radius": "1", "extensions": "true", "service_code": "fms"}
    near = [item for item in town.get("requests.json", params=around).json() if item["service_request_id"] == identity]
    assert near[0]["extended_attributes"]["distance"] < 0.1


@both
def test_the_language_changes_names_and_says_so(town: Town, suffix: str) -> None:
    (identity,) = stored(town, build_service_request())
    for params, headers, language, name in (
        ({"locale": "fi"}, {}, "fi", "Kaatunut puu"),
        ({"locale": "fi_FI"}, {}, "fi", "Kaatunut puu"),
        ({"langcode": "fi-FI"}, {"Accept-Language": "en"}, "fi", "Kaatunut puu"),
        ({}, {"Accept-Language": "sv;q=0.9, fi;q=0.8, en;q=0.7"}, "fi", "Kaatunut puu"),
        ({"locale": "xx"}, {}, "en", "Fallen tree or branch"),
        ({}, {}, "en", "Fallen tree or branch"),
    ):
        for path, query in ((f"requests/{identity}.{suffix}", {}), (f"requests.{suffix}", {"service_request_id": identity})):
            answer = town.get(path, params={**params, **query}, headers=headers)
            assert requests_of(answer)[0]["service_name"] == name
            assert answer.headers["content-language"] == language
            assert "Accept-Language" in answer.headers["vary"]
