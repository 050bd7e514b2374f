"""One service request by its id (C-186 to C-196)."""

from __future__ import annotations

import time
from datetime import datetime
from xml.etree import ElementTree as ET

import httpx
import pytest

from builders import ago, build_service_request, change, store
from conftest import Town
from reading import assert_refused, requests_of

both = pytest.mark.parametrize("suffix", ["xml", "json"])
SETTLED = 4.2
"""Seconds after which a change is published, and old enough for Last-Modified to prove something."""


@pytest.mark.conformance("C-186", "C-187")
def test_one_request_is_an_array_of_one_and_one_element(town: Town) -> None:
    (identity,) = store(town.database_url, build_service_request())
    document = town.get(f"requests/{identity}.json").json()
    assert isinstance(document, list)
    assert [request["service_request_id"] for request in document] == [identity]
    root = ET.fromstring(town.get(f"requests/{identity}.xml").content)
    assert root.tag == "service_requests"
    assert [child.tag for child in root] == ["request"]


@both
@pytest.mark.conformance("C-188")
def test_unknown_private_and_rejected_requests_are_not_found_by_name(town: Town, suffix: str) -> None:
    private, rejected = store(
        town.database_url, build_service_request(visibility="private"), build_service_request(moderation="rejected")
    )
    for identity in ("SR-1999-000001", private, rejected):
        for _ in range(2):
            assert_refused(town.get(f"requests/{identity}.{suffix}"), 404, identity)
            conditional = town.get(f"requests/{identity}.{suffix}", headers={"If-None-Match": "*"})
            assert_refused(conditional, 404, identity)


@both
@pytest.mark.conformance("C-189")
def test_leading_zeros_belong_to_an_id(town: Town, suffix: str) -> None:
    number = {"xml": "731", "json": "732"}[suffix]
    store(
        town.database_url,
        build_service_request(f"000{number}", description="zeros"),
        build_service_request(number, description="none"),
    )
    for identity, words in ((f"000{number}", "zeros"), (number, "none")):
        (shown,) = requests_of(town.get(f"requests/{identity}.{suffix}"))
        assert (shown["service_request_id"], shown["description"]) == (identity, words)
    assert_refused(town.get(f"requests/0{number}.{suffix}"), 404, f"0{number}")


@both
@pytest.mark.conformance("C-190")
@pytest.mark.parametrize("extensions", ["", "true"])
def test_one_request_and_the_list_show_the_same(town: Town, suffix: str, extensions: str) -> None:
    full = build_service_request(
        service_code="0042", status="closed", status_notes="Done <today> & well", description="Zeile eins\nZeile zwei €",
        zipcode="01", media_urls=["https://media.example/1.jpg"], department="lighting", notes=[("Seen", True)],
    )  # fmt: skip
    (identity,) = store(town.database_url, full)
    params = {"extensions": extensions}
    for _ in range(2):  # the second answer comes from the cache
        one = town.get(f"requests/{identity}.{suffix}", params=params)
        listed = town.get(f"requests.{suffix}", params={"service_request_id": identity, **params})
        assert one.status_code == 200
        assert one.content == listed.content


@both
@pytest.mark.conformance("C-195")
def test_a_stored_expected_datetime_is_shown_with_the_offset_of_the_city(town: Town, suffix: str) -> None:
    for text in ("2026-02-17T17:00:00+01:00", "2026-07-17T17:00:00+02:00"):
        (identity,) = store(town.database_url, build_service_request(expected_datetime=datetime.fromisoformat(text)))
        (shown,) = requests_of(town.get(f"requests/{identity}.{suffix}"))
        assert shown["expected_datetime"] == text


@both
@pytest.mark.conformance("C-196")
def test_the_singular_path_answers_the_same(town: Town, suffix: str) -> None:
    (identity,) = store(town.database_url, build_service_request())
    singular, plural = town.get(f"request/{identity}.{suffix}"), town.get(f"requests/{identity}.{suffix}")
    assert singular.status_code == 200
    assert singular.content == plural.content


@both
def test_moments_have_the_offset_of_the_city_and_no_fraction(town: Town, suffix: str) -> None:
    moment = datetime.fromisoformat("2025-08-01T10:00:00+00:00")
    (identity,) = store(town.database_url, build_service_request(requested_datetime=moment, updated_datetime=moment))
    (shown,) = requests_of(town.get(f"requests/{identity}.{suffix}"))
    assert shown["requested_datetime"] == shown["updated_datetime"] == "2025-08-01T12:00:00+02:00"


@both
def test_an_unmoderated_request_opens_by_id_without_words_and_pictures(town: Town, suffix: str) -> None:
    (identity,) = store(
        town.database_url,
        build_service_request(
            moderation="pending",
            description="secret words",
            title="secret title",
            status_notes="secret note",
            media_urls=["https://media.example/secret.jpg"],
            notes=[("secret public note", True)],
            attribute_answers=[{"name": "q", "code": None, "label": "Q", "value": "secret answer"}],
            extended_attributes={"secret": "secret"},
        ),
    )
    for extensions in ("", "true"):
        answer = town.get(f"requests/{identity}.{suffix}", params={"extensions": extensions})
        (shown,) = requests_of(answer)
        assert (shown["description"], shown["status_notes"], shown["media_url"]) == (None, None, None)
        assert "secret" not in answer.text


@both
def test_head_answers_like_get_without_a_body(town: Town, suffix: str) -> None:
    (identity,) = store(town.database_url, build_service_request())
    time.sleep(SETTLED)
    for path in (f"requests/{identity}.{suffix}", f"requests.{suffix}", f"services.{suffix}", "requests.csv", "requests.geojson"):
        got = town.get(path)
        for _ in range(2):
            head = town.server.client.head(f"/open311/v2/{path}")
            assert head.status_code == 200
            assert head.content == b""
            for name in ("content-type", "etag", "last-modified", "link", "x-total-count", "cache-control"):
                assert head.headers.get(name) == got.headers.get(name), (path, name)
            if "content-length" in got.headers:
                assert head.headers["content-length"] == got.headers["content-length"]


def conditional_paths(identity: str) -> list[str]:
    return [f"{path}.{suffix}" for path in ("services", "requests", f"requests/{identity}") for suffix in ("xml", "json")]


def test_an_unchanged_copy_answers_304_without_a_body(town: Town) -> None:
    (identity,) = store(town.database_url, build_service_request())
    time.sleep(SETTLED)
    for path in conditional_paths(identity):
        got = town.get(path)
        assert got.status_code == 200
        for header in (
            {"If-None-Match": got.headers["etag"]},
            {"If-None-Match": f'"other", {got.headers["etag"]}'},
            {"If-None-Match": got.headers["etag"].removeprefix("W/")},
            {"If-None-Match": "*"},
            {"If-Modified-Since": got.headers["last-modified"]},
        ):
            again = town.get(path, headers=header)
            assert (again.status_code, again.content) == (304, b""), (path, header)
            assert again.headers["etag"] == got.headers["etag"]
            assert "Accept-Language" in again.headers["vary"]
        for header in (
            {"If-None-Match": '"other"'},
            {"If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"},
            {"If-Modified-Since": "garbage"},
            {"If-None-Match": '"other"', "If-Modified-Since": got.headers["last-modified"]},
        ):
            again = town.get(path, headers=header)
            assert (again.status_code, again.content) == (200, got.content), (path, header)


def _until_changed(town: Town, path: str, headers: dict[str, str], deadline: float | None = None) -> httpx.Response:
    """The first answer that is no 304, which must come within a second."""
    deadline = deadline or time.monotonic() + 1
    while True:
        answer = town.get(path, headers=headers)
        if answer.status_code != 304:
            return answer
        assert time.monotonic() < deadline, f"{path} is still unchanged"
        time.sleep(0.05)


def test_a_change_is_seen_through_every_validator_within_a_second(town: Town) -> None:
    (identity,) = store(town.database_url, build_service_request(description="before"))
    time.sleep(SETTLED)
    paths = [path for path in conditional_paths(identity) if path.startswith("requests")]
    kept = {path: town.get(path) for path in paths}
    change(town.database_url, identity, description="after", updated_datetime=ago(days=1))
    deadline = time.monotonic() + 1
    for path, old in kept.items():
        for name, value in (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified")):
            answer = _until_changed(town, path, {name: old.headers[value]}, deadline)
            assert answer.status_code == 200
            assert "after" in answer.text
            assert answer.headers["etag"] != old.headers["etag"]


def test_a_new_report_changes_the_validator_of_the_list(town: Town) -> None:
    tag = town.get("requests.json").headers["etag"]
    time.sleep(1.1)
    tag = town.get("requests.json").headers["etag"]
    identity = town.report()
    answer = _until_changed(town, "requests.json", {"If-None-Match": tag})
    assert answer.json()[0]["service_request_id"] == identity


def test_two_changes_in_one_second_are_not_taken_for_one(town: Town) -> None:
    """A date counts whole seconds: what was read between two changes must not pass for the second one."""
    read: list[tuple[str, str, httpx.Response]] = []
    for words in ("one", "two", "three"):
        (identity,) = store(town.database_url, build_service_request(description="zero"))
        change(town.database_url, identity, description=words)
        time.sleep(0.45)
        read += [(path, words, town.get(path)) for path in (f"requests/{identity}.json", "requests.json")]
        change(town.database_url, identity, description=f"{words} again")
    time.sleep(SETTLED)
    for path, words, old in read:
        for header in ("last-modified", "date"):
            answer = town.get(path, headers={"If-Modified-Since": old.headers[header]})
            assert answer.status_code == 200
            assert f"{words} again" in answer.text


def test_a_new_description_of_a_service_changes_the_validators_of_services(town: Town, tmp_path: object) -> None:
    from pathlib import Path

    from conftest import RIVERTON

    tags = {path: town.get(path).headers["etag"] for path in ("services.json", "services/fms.json", "requests.json")}
    folder = Path(str(tmp_path))
    for file in RIVERTON.parent.iterdir():
        (folder / file.name).write_text(file.read_text().replace("name: For FixMyStreet", "name: For the streets"))
    town.command("city", "load", str(folder / "city.yaml"), "--yes")
    try:
        for path, tag in tags.items():
            answer = _until_changed(town, path, {"If-None-Match": tag})
            assert answer.status_code == 200
        assert "For the streets" in town.get("services.json").text
    finally:
        town.command("city", "load", str(RIVERTON), "--yes")
