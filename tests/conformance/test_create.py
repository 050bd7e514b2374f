"""A new report (contract 1.9 and 11.7)."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import asyncpg
import httpx
import pytest
from wire import GONE, SUFFIXES, one, refusals, riverton_of_old, value_of

from conftest import RIVERTON, Town
from open311_api.config import Settings
from open311_api.db.sealing import Sealer, secret_keys

FORM = "application/x-www-form-urlencoded"
LAMP = {"service_code": "0042", "attribute[fault]": "dark"}


@pytest.fixture(scope="module")
def town(make_town: Callable[..., Town], tmp_path_factory: pytest.TempPathFactory) -> Town:
    return make_town(cities=(riverton_of_old(tmp_path_factory.mktemp("old")), RIVERTON))


def stored(town: Town, suffix: str, answer: httpx.Response) -> dict[str, Any]:
    """The report as it is shown, with everything that can be asked for."""
    identity = one(answer, status=201)["service_request_id"]
    return one(town.get(f"requests/{identity}.{suffix}", params={"extensions": "true"}))


def answers(town: Town, suffix: str, answer: httpx.Response) -> dict[str, list[str]]:
    """What was stored of the answers to the questions: by code, the option's key or the text."""
    found: dict[str, list[str]] = {}
    for item in stored(town, suffix, answer)["attributes"] or []:
        found.setdefault(item["name"], []).append(item["code"] or item["value"])
    return found


def post_text(town: Town, suffix: str, text: str) -> httpx.Response:
    """A form written by hand, byte for byte; key and place are added."""
    head = urlencode({"api_key": town.key, "lat": "52.1", "long": "5.05"})
    content = f"{head}&{text}".encode()
    return town.server.client.post(f"/open311/v2/requests.{suffix}", content=content, headers={"Content-Type": FORM})


def in_database(town: Town, identity: str, columns: str) -> Any:
    """What is kept and never shown: read where an operator would."""

    async def read() -> Any:
        connection = await asyncpg.connect(town.database_url, timeout=10)
        try:
            return await connection.fetchval(
                f"SELECT {columns} FROM service_request LEFT JOIN contact USING (jurisdiction_key, request_key)"
                " WHERE service_request_id = $1",
                identity,
            )
        finally:
            await connection.close()

    return asyncio.run(read())


def contact_of(town: Town, identity: str) -> dict[str, str]:
    """The personal data of a report, opened with the server's own secret key."""
    settings = Settings(data_dir=Path(town.env["OPEN311_DATA_DIR"]))
    sealed = in_database(town, identity, "sealed")
    contact: dict[str, str] = json.loads(Sealer.parse(secret_keys(settings)).open(sealed, bound_to="contact"))
    return contact


@pytest.mark.conformance("C-084", "C-085", "C-086", "C-087", "C-090")
def test_a_minimal_report_is_accepted_in_xml(town: Town) -> None:
    answer = town.post("xml")
    assert answer.status_code == 201
    root = ET.fromstring(answer.content)
    assert (root.tag, [child.tag for child in root]) == ("service_requests", ["request"])
    assert [child.tag for child in root[0]] == ["service_request_id", "service_notice", "account_id"]
    assert root.findtext("request/service_request_id")


@pytest.mark.conformance("C-084", "C-086", "C-087", "C-090")
def test_a_minimal_report_is_accepted_in_json(town: Town) -> None:
    answer = town.post("json")
    assert answer.status_code == 201
    document = answer.json()
    assert isinstance(document, list)
    assert len(document) == 1
    assert list(document[0]) == ["service_request_id", "service_notice", "account_id"]
    assert isinstance(document[0]["service_request_id"], str)
    assert document[0]["service_notice"] is None
    assert document[0]["account_id"] is None


@pytest.mark.conformance("C-087", "C-090")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_realtime_report_has_an_id_and_no_token(town: Town, suffix: str) -> None:
    item = one(town.post(suffix, **LAMP, account_id="resident-7"), status=201)
    assert list(item) == ["service_request_id", "service_notice", "account_id"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", item["service_request_id"])
    assert item["service_notice"] == "An electrician will inspect the lamp within 5 working days."
    assert item["account_id"] == "resident-7"


@pytest.mark.conformance("C-088", "C-090")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_batch_report_has_a_token_and_no_id(town: Town, suffix: str) -> None:
    item = one(town.post(suffix, service_code="bulky-waste"), status=201)
    assert list(item) == ["token", "service_notice", "account_id"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", item["token"])
    assert item["service_notice"] == "Your pick-up is being scheduled."


@pytest.mark.conformance("C-089", "C-090")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_blackbox_report_has_only_a_notice(town: Town, unique: str, suffix: str) -> None:
    answer = town.post(suffix, service_code="hotline", description=unique)
    item = one(answer, status=201)
    assert list(item) == ["service_notice", "account_id"]
    assert item["service_notice"] == "Thank you, your message was passed on."
    assert "location" not in answer.headers
    assert unique not in town.get(f"requests.{suffix}").text


@pytest.mark.conformance("C-091")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("code", ["tree-down", "bulky-waste"])
def test_location_leads_to_the_report(town: Town, code: str, suffix: str) -> None:
    answer = town.post(suffix, service_code=code)
    item = one(answer, status=201)
    location = answer.headers["location"]
    assert location.startswith(f"{town.server.base}/")
    assert location.endswith(f".{suffix}")
    name = "token" if code == "bulky-waste" else "service_request_id"
    assert one(httpx.get(location, timeout=20))[name] == item[name]


@pytest.mark.conformance("C-092")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("code", [None, "", "  "])
def test_a_report_needs_a_service(town: Town, code: str | None, suffix: str) -> None:
    assert refusals(town.post(suffix, service_code=code), 400) == ["service_code was not provided"]


@pytest.mark.conformance("C-093", "C-094")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("code", ["nope", GONE, "42", "TREE-DOWN", "<b>"])
def test_an_unknown_or_retired_service_is_404_by_name(town: Town, code: str, suffix: str) -> None:
    assert refusals(town.post(suffix, service_code=code), 404) == [f"service_code {code} was not found"]


@pytest.mark.conformance("C-095")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("empty", [None, ""], ids=["missing", "empty"])
def test_a_report_needs_a_place(town: Town, empty: str | None, suffix: str) -> None:
    (description,) = refusals(town.post(suffix, lat=empty, long=empty, address_string=empty, address_id=empty), 400)
    for name in ("lat", "long", "address_string", "address_id"):
        assert name in description


@pytest.mark.conformance("C-096", "C-097", "C-098", "C-099")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "place",
    [
        {"address_string": "Mill Lane 12, Riverton"},
        {"address_id": "0363200012145295"},
        {"lat": "52.1043", "long": "5.0831"},
        {"address_string": "Mill Lane 12, Riverton", "address_id": "007", "lat": "52.1043", "long": "5.0831"},
        {"address_string": "Mill Lane 12, Riverton", "address_id": "007"},
    ],
    ids=lambda place: "+".join(place),
)
def test_every_kind_of_place_is_stored(town: Town, place: dict[str, str], suffix: str) -> None:
    shown = stored(town, suffix, town.post(suffix, **{"lat": None, "long": None, **place}))
    expected = {"address": place.get("address_string"), **{name: place.get(name) for name in ("address_id", "lat", "long")}}
    assert {name: shown[name] for name in expected} == expected


@pytest.mark.conformance("C-100")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("present, missing", [("lat", "long"), ("long", "lat")])
def test_lat_and_long_go_together(town: Town, present: str, missing: str, suffix: str) -> None:
    for others in ({}, {"address_string": "Mill Lane 12"}):
        (description,) = refusals(town.post(suffix, **{missing: None}, **others), 400)
        assert description.startswith(f"{missing} was not provided")


@pytest.mark.conformance("C-101")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "name, value",
    [
        *(("lat", value) for value in ("91", "-90.0001", "abc", "NaN", "inf", "-Infinity", "1e999", "52,1", "0x34", "٥٢", "5 2")),
        *(("long", value) for value in ("-181", "180.0001", "abc", "NaN", "infinity", "5,05", "--5", "5.0.5")),
    ],
)
def test_a_coordinate_is_a_number_in_its_range(town: Town, name: str, value: str, suffix: str) -> None:
    (description,) = refusals(town.post(suffix, **{name: value}), 400)
    assert description.startswith(f"{name} must be")


@pytest.mark.conformance("C-102")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("place", [{"lat": "51.9"}, {"long": "5.3"}, {"lat": "0", "long": "0"}, {"lat": "5.05", "long": "52.1"}])
def test_a_place_outside_the_city_is_refused(town: Town, place: dict[str, str], suffix: str) -> None:
    (description,) = refusals(town.post(suffix, **place), 400)
    assert "lat" in description
    assert "long" in description
    assert "Riverton" in description


@pytest.mark.conformance("C-102")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_place_where_the_service_is_not_offered_is_refused(town: Town, suffix: str) -> None:
    assert refusals(town.post(suffix, service_code="west-only", long="5.15"), 400)
    assert one(town.post(suffix, service_code="west-only", long="5.05"), status=201)


@pytest.mark.conformance("C-103", "C-114")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("sent", [{}, {"attribute[fault]": ""}, {"attribute[fault]": "  "}, {"attribute[fault][]": ["", ""]}])
def test_a_required_answer_is_required(town: Town, sent: dict[str, Any], suffix: str) -> None:
    assert refusals(town.post(suffix, service_code="0042", **sent), 400) == ["attribute[fault] is required"]


@pytest.mark.conformance("C-104")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_everything_that_is_wrong_is_said_at_once(town: Town, suffix: str) -> None:
    both = ["attribute[first] is required", "attribute[second] is required"]
    assert refusals(town.post(suffix, service_code="two-required"), 400) == both
    more = refusals(town.post(suffix, service_code="two-required", lat="91", email="@", media_url="ftp://x/y"), 400)
    assert len(more) == 5
    assert set(both) < set(more)


@pytest.mark.conformance("C-105", "C-106")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", ["attribute[fault]", "attribute%5Bfault%5D", "attribute%5bfault%5d", "ATTRIBUTE[fault]"])
def test_brackets_may_be_raw_or_encoded(town: Town, name: str, suffix: str) -> None:
    assert answers(town, suffix, post_text(town, suffix, f"service_code=0042&{name}=007")) == {"fault": ["007"]}


@pytest.mark.conformance("C-107", "C-108", "C-109")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "text",
    [
        "attribute[hazard][]=wires&attribute[hazard][]=crossing",
        "attribute%5Bhazard%5D%5B%5D=wires&attribute%5Bhazard%5D%5B%5D=crossing",
        "attribute[hazard]=wires&attribute[hazard]=crossing",
        "attribute[hazard][0]=wires&attribute[hazard][1]=crossing",
        "attribute[hazard]=wires&attribute[hazard][]=crossing",
        "attribute[hazard][]=wires&attribute[hazard][]=&attribute[hazard][]=crossing&attribute[hazard][]=wires",
        "attribute[hazard][]=Wires+exposed&attribute[hazard][]=At+a+crossing",
    ],
)
def test_every_way_to_send_two_values_stores_both(town: Town, text: str, suffix: str) -> None:
    made = post_text(town, suffix, f"service_code=0042&attribute[fault]=dark&{text}")
    assert answers(town, suffix, made) == {"fault": ["dark"], "hazard": ["wires", "crossing"]}


@pytest.mark.conformance("C-110")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("text", ["attribute[fault][]=flicker", "attribute[fault][0]=flicker", "attribute[fault]=Flickering"])
def test_one_value_with_list_brackets_is_one_value(town: Town, text: str, suffix: str) -> None:
    assert answers(town, suffix, post_text(town, suffix, f"service_code=0042&{text}")) == {"fault": ["flicker"]}


@pytest.mark.conformance("C-111")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", ["attribute[fault]", "attribute[fault][]"])
def test_a_single_choice_takes_one_value(town: Town, name: str, suffix: str) -> None:
    (description,) = refusals(town.post(suffix, service_code="0042", **{name: ["dark", "flicker"]}), 400)
    assert "attribute[fault]" in description


@pytest.mark.conformance("C-112")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "name, value", [("fault", "broken"), ("fault", "7"), ("fault", "dark,flicker"), ("hazard", "wires,crossing")]
)
def test_a_choice_is_one_of_the_options(town: Town, name: str, value: str, suffix: str) -> None:
    sent = {**LAMP, f"attribute[{name}]": value}
    (description,) = refusals(town.post(suffix, **sent), 400)
    assert f"attribute[{name}]" in description


@pytest.mark.conformance("C-113")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", ["attribute[hazard]", "attribute[hazard][]", "attribute[lamps_out]", "attribute[seen_at]"])
def test_an_empty_answer_is_no_answer(town: Town, name: str, suffix: str) -> None:
    assert answers(town, suffix, town.post(suffix, **LAMP, **{name: ""})) == {"fault": ["dark"]}


@pytest.mark.conformance("C-115")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_comma_splits_nothing(town: Town, suffix: str) -> None:
    sent = {"attribute[things]": "Wires exposed, live", "attribute[colour]": "red, or green"}
    made = town.post(suffix, service_code="with-commas", **sent)
    assert answers(town, suffix, made) == {"things": ["wires"], "colour": ["red, or green"]}
    assert refusals(town.post(suffix, service_code="with-commas", **{"attribute[things]": "wires,wood"}), 400)


@pytest.mark.conformance("C-116")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("value", ["many", "1,5", "NaN", "Infinity", "0x10", "1 2"])
def test_a_number_is_a_number(town: Town, value: str, suffix: str) -> None:
    (description,) = refusals(town.post(suffix, **LAMP, **{"attribute[lamps_out]": value}), 400)
    assert "attribute[lamps_out]" in description


@pytest.mark.conformance("C-116")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_answers_are_read_by_their_datatype(town: Town, suffix: str) -> None:
    sent = {
        "attribute[pole_no]": " A-17\r\nleft ",
        "attribute[lamps_out]": "2.5",
        "attribute[seen_at]": "2026-02-10T17:42",
        "attribute[access]": "Gate code 12\r\nThen left",
    }
    assert answers(town, suffix, town.post(suffix, **LAMP, **sent)) == {
        "pole_no": ["A-17 left"],
        "lamps_out": ["2.5"],
        "seen_at": ["2026-02-10T17:42:00+01:00"],
        "access": ["Gate code 12\nThen left"],
        "fault": ["dark"],
    }
    assert refusals(town.post(suffix, **LAMP, **{"attribute[seen_at]": "yesterday"}), 400)


@pytest.mark.conformance("C-117")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_answers_nobody_asked_for_are_kept(town: Town, unique: str, suffix: str) -> None:
    made = town.post(suffix, **LAMP, **{"attribute[not asked]": unique, "attribute[many][]": ["a", "b"]})
    identity = one(made, status=201)["service_request_id"]
    assert json.loads(in_database(town, identity, "extra_answers")) == {"not asked": unique, "many": ["a", "b"]}
    shown = town.get(f"requests/{identity}.{suffix}", params={"extensions": "true"}).text
    assert unique not in shown, "kept, but nobody promised to publish it"


@pytest.mark.conformance("C-118")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_answer_to_an_information_is_ignored(town: Town, suffix: str) -> None:
    assert answers(town, suffix, town.post(suffix, **LAMP, **{"attribute[hint]": "understood"})) == {"fault": ["dark"]}


@pytest.mark.conformance("C-118")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_answer_a_program_gives_is_stored(town: Town, suffix: str) -> None:
    made = town.post(suffix, service_code="fms", **{"attribute[easting]": "135000.5", "attribute[closest_address]": "Mill Lane"})
    assert answers(town, suffix, made) == {"easting": ["135000.5"], "closest_address": ["Mill Lane"]}


@pytest.mark.conformance("C-119")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("letter", ["x", "ё", "\U0001f333"])
def test_a_description_has_at_most_4000_characters(town: Town, letter: str, suffix: str) -> None:
    assert stored(town, suffix, town.post(suffix, description=letter * 4000))["description"] == letter * 4000
    assert stored(town, suffix, town.post(suffix, description="  " + letter * 4000 + "\r\n"))["description"] == letter * 4000
    (description,) = refusals(town.post(suffix, description=letter * 4001), 400)
    assert "description" in description
    assert "4000" in description


@pytest.mark.conformance("C-120")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_line_breaks_survive_as_line_feeds(town: Town, suffix: str) -> None:
    made = town.post(suffix, description="one\r\ntwo\rthree\n\nfour\tfive")
    assert stored(town, suffix, made)["description"] == "one\ntwo\nthree\n\nfour\tfive"


@pytest.mark.conformance("C-121")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_html_is_text(town: Town, suffix: str) -> None:
    text = "<script>alert('x')</script><b>bold</b> &lt;i&gt; &amp; <!-- no --> <![CDATA[x]]>"
    shown = stored(town, suffix, town.post(suffix, description=text, address_string=text))
    assert shown["description"] == text
    assert shown["address"] == text


@pytest.mark.conformance("C-122")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_description_may_be_absent_unless_the_service_wants_one(town: Town, suffix: str) -> None:
    assert stored(town, suffix, town.post(suffix))["description"] is None
    assert stored(town, suffix, town.post(suffix, description=""))["description"] is None
    assert refusals(town.post(suffix, service_code="words-needed"), 400)[0].startswith("description is required")


@pytest.mark.conformance("C-123")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_email_is_an_address_or_nothing(town: Town, suffix: str) -> None:
    for wrong in ("ana", "ana@", "@mail.example", "a b@mail.example", "ana@mail", "ana@mail.example, bo@mail.example"):
        (description,) = refusals(town.post(suffix, email=wrong), 400)
        assert description.startswith("email")
        assert "ana" not in description, "personal data are not repeated"
    for fine in ("", " ", "ana@mail.example", "ana+311@sub.mail.example", "šárka@příklad.example"):
        assert one(town.post(suffix, email=fine), status=201)


@pytest.mark.conformance("C-124")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "url", ["ftp://x.example/a.jpg", "javascript:alert(1)", "file:///etc/passwd", "a.jpg", "//x/a.jpg", "http://"]
)
def test_media_lie_on_the_web(town: Town, url: str, suffix: str) -> None:
    (description,) = refusals(town.post(suffix, media_url=url), 400)
    assert description.startswith("media_url")


@pytest.mark.conformance("C-125")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", ["media_url", "media_url[]"])
def test_all_media_urls_are_stored(town: Town, name: str, suffix: str) -> None:
    urls = ["https://pics.example/1.jpg", "http://pics.example/2.jpg?a=1&b=2", "HTTPS://pics.example/3.jpg"]
    shown = stored(town, suffix, town.post(suffix, **{name: urls}))
    assert shown["media_url"] == urls[0]
    assert shown["extended_attributes"]["media_urls"] == urls


@pytest.mark.conformance("C-126")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_multipart_without_files_is_a_form(town: Town, suffix: str) -> None:
    fields = [
        ("api_key", town.key),
        ("service_code", "0042"),
        ("lat", "52.1043"),
        ("long", "5.0831"),
        ("description", "Šárka\r\n2"),
    ]
    fields += [("attribute[fault]", "007"), ("attribute[hazard][]", "wires"), ("attribute[hazard][]", "crossing")]
    parts = [(name, (None, value)) for name, value in fields]
    made = town.server.client.post(f"/open311/v2/requests.{suffix}", files=parts)
    shown = stored(town, suffix, made)
    assert (shown["description"], shown["lat"], shown["long"]) == ("Šárka\n2", "52.1043", "5.0831")
    assert answers(town, suffix, made) == {"fault": ["007"], "hazard": ["wires", "crossing"]}


@pytest.mark.conformance("C-134")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("way", ["device_id", "deviceid", "DeviceId", "header"])
def test_a_device_may_name_itself_in_several_ways(town: Town, unique: str, way: str, suffix: str) -> None:
    made = town.post(suffix, headers={"open311-deviceid": unique}) if way == "header" else town.post(suffix, **{way: unique})
    assert contact_of(town, one(made, status=201)["service_request_id"]) == {"device_id": unique}


@pytest.mark.conformance("C-135")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", ["lng", "lon", "LNG"])
def test_long_has_other_names(town: Town, name: str, suffix: str) -> None:
    assert stored(town, suffix, town.post(suffix, long=None, **{name: "5.0831"}))["long"] == "5.0831"
    assert stored(town, suffix, town.post(suffix, long="5.07", **{name: "5.0831"}))["long"] == "5.07"


@pytest.mark.conformance("C-136")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "sent",
    [
        {"attribute": {"fault": "007", "hazard": ["wires", "crossing"], "lamps_out": 2}},
        {"attribute[fault]": "007", "attribute[hazard]": ["wires", "crossing"], "attribute[lamps_out]": 2},
        {"attribute[fault]": "007", "attribute[hazard][]": ["wires", "crossing"], "attribute[lamps_out]": "2"},
    ],
    ids=["object", "names", "names with brackets"],
)
def test_a_json_body_is_a_form(town: Town, sent: dict[str, Any], suffix: str) -> None:
    body = {"api_key": town.key, "service_code": "0042", "lat": 52.1043, "long": "5.0831", "description": "Šárka", "email": None}
    made = town.server.client.post(f"/open311/v2/requests.{suffix}", json={**body, **sent})
    shown = stored(town, suffix, made)
    assert (shown["description"], shown["lat"], shown["long"]) == ("Šárka", "52.1043", "5.0831")
    assert answers(town, suffix, made) == {"lamps_out": ["2"], "fault": ["007"], "hazard": ["wires", "crossing"]}


@pytest.mark.conformance("C-137")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kind", ["text/plain", "text/xml", "application/octet-stream", "application/jsonp", "nonsense"])
def test_other_bodies_are_400(town: Town, kind: str, suffix: str) -> None:
    form = urlencode({"api_key": town.key, **town.post_defaults})
    for headers in ({}, {"Authorization": f"Bearer {town.key}"}):
        answer = town.server.client.post(
            f"/open311/v2/requests.{suffix}", content=form.encode(), headers={**headers, "Content-Type": kind}
        )
        (description,) = refusals(answer, 400)
        assert "Content-Type" in description


def reports_saying(town: Town, word: str) -> int:
    return len(town.get("requests.json", params={"q": word}).json())


@pytest.mark.conformance("C-138")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("code, name", [("tree-down", "service_request_id"), ("bulky-waste", "token")])
def test_a_repeat_under_an_idempotency_key_creates_nothing(town: Town, unique: str, code: str, name: str, suffix: str) -> None:
    def send(description: str = unique, key: str = unique) -> httpx.Response:
        return town.post(suffix, service_code=code, description=description, headers={"Idempotency-Key": key})

    first, again, other = send(), send(), send(key=f"{unique}-2")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert one(other, status=201)[name] != one(first, status=201)[name]
    assert "Idempotency-Key" in refusals(send(description="something else"), 400)[0]
    if code == "tree-down":
        assert reports_saying(town, unique) == 2


@pytest.mark.conformance("C-139")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("reference", ["attribute[fixmystreet_id]", "client_request_id"])
def test_a_repeat_of_the_clients_own_number_creates_nothing(town: Town, unique: str, reference: str, suffix: str) -> None:
    def send(**form: Any) -> str:
        identity: str = one(town.post(suffix, description=unique, **{reference: unique}, **form), status=201)["service_request_id"]
        return identity

    first = send()
    assert send() == first
    assert send(phone="555") == first, "the number counts, not the words"
    assert reports_saying(town, unique) == 1
    other_key, other_service = send(api_key=town.make_key()), send(service_code="a.b")
    assert len({first, other_key, other_service}) == 3, "another client or another service is another report"


@pytest.mark.conformance("C-140")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_report_is_there_at_once(town: Town, unique: str, suffix: str) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    identity = one(town.post(suffix, description=unique, address_string="Mill Lane", zipcode="03581"), status=201)[
        "service_request_id"
    ]
    shown = one(town.get(f"requests/{identity}.{suffix}"))
    assert identity in town.get(f"requests.{suffix}").text, "in the list too"
    requested = datetime.fromisoformat(shown.pop("requested_datetime"))
    assert before <= requested <= datetime.now(UTC)
    assert datetime.fromisoformat(shown.pop("updated_datetime")) == requested
    assert shown == {
        "service_request_id": identity,
        "status": "open",
        "status_notes": None,
        "service_name": "Fallen tree or branch",
        "service_code": "tree-down",
        "description": unique,
        "agency_responsible": "Parks",
        "service_notice": None,
        "expected_datetime": None,
        "address": "Mill Lane",
        "address_id": None,
        "zipcode": "03581",
        "lat": "52.1",
        "long": "5.05",
        "media_url": None,
    }


@pytest.mark.conformance("C-141")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_who_reported_is_never_shown(town: Town, suffix: str) -> None:
    person = {
        "email": "zuzana.qvist@mail.example",
        "first_name": "Zuzanaqq",
        "last_name": "Qvistqq",
        "phone": "+31 20 555 98765",
        "device_id": "device-qq-4711",
        "account_id": "account-qq-4712",
    }
    token = one(town.post(suffix, service_code="bulky-waste", **person), status=201)["token"]
    identity = one(town.post(suffix, **LAMP, **person), status=201)["service_request_id"]
    assert contact_of(town, identity) == person, "it is kept"
    _wait_for_id(town, token)
    secrets = [*person.values(), "zuzana", "55598765", "qvist"]
    paths = [f"requests.{suffix}", f"requests/{identity}.{suffix}", f"tokens/{token}.{suffix}", f"request/{identity}.{suffix}"]
    paths += ["requests.csv", "requests.geojson", f"/open311/bulk/requests.{suffix}", "/open311/bulk/requests.csv"]
    for path in paths:
        for params in ({}, {"extensions": "true"}, {"extensions": "true", "api_key": town.key}):
            answer = town.server.client.get(path if path.startswith("/") else f"/open311/v2/{path}", params=params)
            assert answer.status_code == 200, path
            assert identity in answer.text or "tokens" in path
            assert not [secret for secret in secrets if secret.casefold() in answer.text.casefold()], path
    for secret in secrets:
        found = value_of(town.get(f"requests.{suffix}", params={"q": secret}))
        assert found in ([], None), "the search does not tell either"
    assert not [secret for secret in person.values() if secret in town.server.log_text()]


def _wait_for_id(town: Town, token: str) -> None:
    deadline = time.monotonic() + 10
    while "service_request_id" not in town.get(f"tokens/{token}.json").json()[0]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
