"""Bad-input list, group C, first half: bodies that are not what they say (70 to 89, 95, 96, 105 to 111)."""

from __future__ import annotations

import gzip
import json
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest

from bad_input.hostile import DEFAULTS, FORM, JSON, Hostile

N = pytest.mark.bad_input


def document(hostile: Hostile, **fields: Any) -> dict[str, Any]:
    return {"api_key": hostile.key, **DEFAULTS, **fields}


FORMS: list[Any] = [
    pytest.param(b"&description=%ZZ", FORM, "percent", marks=N(70), id="70-percent-ZZ"),
    pytest.param(b"&description=%FF%FE", FORM, "UTF-8", marks=N(71), id="71-not-UTF-8"),
    pytest.param(b"&description=\xff\xfe", FORM, "UTF-8", marks=N(71), id="71-raw-bytes"),
    pytest.param(b"&description=%C0%AF", FORM, "UTF-8", marks=N(73), id="73-overlong"),
    pytest.param(b"&description=%ED%A0%80", FORM, "UTF-8", marks=N(72), id="72-surrogate-in-a-form"),
    pytest.param(b"", None, "Content-Type", marks=N(82), id="82-no-content-type"),
    pytest.param(b"", "text/plain", "Content-Type", marks=N(83), id="83-text"),
    pytest.param(b"", "multipart/form-data", "boundary", marks=N(84), id="84-no-boundary"),
    pytest.param(b"", "multipart/form-data; boundary=" + "b" * 300, "boundary", marks=N(85), id="85-long-boundary"),
    pytest.param(b"", "multipart/form-data; boundary=other", "multipart", marks=N(84), id="84-wrong-boundary"),
]


@pytest.mark.parametrize("more, kind, names", FORMS)
def test_a_body_that_is_not_what_it_says(single: Hostile, more: bytes, kind: str | None, names: str) -> None:
    single.refuse_body(single.form() + more, kind=kind, names=names)


JSONS: list[Any] = [
    pytest.param('{"description": "\\ud800"}', "JSON", marks=N(72), id="72-lone-surrogate"),
    pytest.param('{"a": ' + "[" * 32 + "]" * 32 + "}", "nested", marks=N(105), id="105-33-deep"),
    pytest.param("[" * 100_000 + "]" * 100_000, "JSON", marks=N(106), id="106-100000-deep"),
    pytest.param('{"a":' * 100_000 + "1" + "}" * 100_000, "JSON", marks=N(106), id="106-100000-objects"),
    pytest.param('{"lat": 1' + "0" * 5000 + "}", "", marks=N(108), id="108-huge-number"),
    pytest.param('{"lat": 1e5000}', "", marks=N(108), id="108-huge-exponent"),
    pytest.param('{"lat": NaN}', "JSON", marks=N(109), id="109-NaN"),
    pytest.param('{"lat": -Infinity}', "JSON", marks=N(109), id="109-Infinity"),
    pytest.param('{"lat": 52} and more', "JSON", marks=N(110), id="110-trailing-garbage"),
    pytest.param('["service_code"]', "object", marks=N(110), id="110-a-list"),
    pytest.param("", "JSON", marks=N(110), id="110-nothing"),
]


@pytest.mark.parametrize("body, names", JSONS)
def test_json_that_is_none(single: Hostile, body: str, names: str) -> None:
    single.refuse_body(body.encode(), kind=JSON, names=names, headers={"X-Api-Key": single.key})


@pytest.mark.bad_input(74)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_another_charset_label_does_not_change_the_reading(single: Hostile, encoding: str) -> None:
    body = single.form().decode().encode(encoding)
    names = "UTF-8" if encoding == "utf-16" else "service_code"
    kind = "application/x-www-form-urlencoded; charset=utf-16"
    single.refuse_body(body, kind=kind, names=names, headers={"X-Api-Key": single.key})
    single.accept_body(single.form(), kind="application/x-www-form-urlencoded; charset=iso-8859-1")


@pytest.mark.bad_input(75)
def test_a_byte_order_mark_before_json(single: Hostile) -> None:
    single.accept_body(b"\xef\xbb\xbf" + json.dumps(document(single)).encode(), kind=JSON)


TEXTS = (
    "address_string", "address_id", "zipcode", "title", "email", "phone", "first_name", "last_name", "device_id", "account_id",
    "description", "client_request_id", "media_url", "attribute[any]", "lat", "jurisdiction_id", "service_object_id", "any",
)  # fmt: skip


@pytest.mark.bad_input(76)
@pytest.mark.parametrize("name", TEXTS)
def test_a_nul_in_any_text(single: Hostile, name: str) -> None:
    status = 404 if name == "jurisdiction_id" else 400
    single.refuse({name: "be\0fore"}, status=status, names=name)


STORED: list[Any] = [
    pytest.param("\u202egnp.exe\u202c \u2066x\u2069", marks=N(77), id="77-bidi"),
    pytest.param("a" + "\u0301\u0325" * 1999, marks=N(78), id="78-3999-code-points"),
    pytest.param("👩‍👩‍👧‍👦 👍🏽 🏳️‍🌈", marks=N(79), id="79-joined-emoji"),
    pytest.param("a ]]> b & c < d > e \" f ' <script>alert(1)</script> &lt; <!-- x --> <?pi?>", marks=N(81), id="81-markup"),
]


@pytest.mark.parametrize("text", STORED)
@pytest.mark.parametrize("kind", [FORM, JSON])
def test_text_comes_back_as_it_was_sent(single: Hostile, text: str, kind: str) -> None:
    body = single.form({"description": text}) if kind == FORM else json.dumps(document(single, description=text)).encode()
    identity = single.accept_body(body, kind=kind)
    assert single.get(f"requests/{identity}.json").json()[0]["description"] == text
    shown = single.get(f"requests/{identity}.xml")
    assert ET.fromstring(shown.content).findtext("request/description") == text
    assert "<script" not in shown.text


@pytest.mark.bad_input(78)
def test_ten_thousand_combining_marks_count(single: Hostile) -> None:
    single.refuse({"description": "a" + "\u0301" * 10_000}, names="10001 characters")


@pytest.mark.bad_input(80)
def test_control_characters_do_not_break_the_xml(single: Hostile) -> None:
    text = "bell\x07 escape\x1b[31m back\x08 form\x0c \ufffe \uffff\ufffd end"
    identity = single.accept({"description": text, "address_string": "\x01Street\x02", "attribute[odd]": "\x1f"})
    shown = ET.fromstring(single.get(f"requests/{identity}.xml").content)
    assert shown.findtext("request/description") == "bell escape[31m back form  \ufffd end"
    assert shown.findtext("request/address") == "Street"


def multipart(*parts: bytes, boundary: bytes = b"frontier", end: bool = True) -> bytes:
    body = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return body + (b"--" + boundary + b"--\r\n" if end else b"")


def part(name: str, value: str) -> bytes:
    return f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()


MULTIPART = "multipart/form-data; boundary=frontier"


@pytest.fixture
def good_parts(single: Hostile) -> list[bytes]:
    return [part(name, value) for name, value in document(single).items()]


def test_multipart_without_a_file_is_a_form(single: Hostile, good_parts: list[bytes]) -> None:
    single.accept_body(multipart(*good_parts), kind=MULTIPART)


@pytest.mark.bad_input(86)
def test_ten_thousand_parts(single: Hostile, good_parts: list[bytes]) -> None:
    body = multipart(*good_parts, *(part(f"p{index}", "") for index in range(10_000)))
    single.refuse_body(body, kind=MULTIPART, status=413, names="parts")


PARTS: list[Any] = [
    pytest.param(b"Content-Disposition: form-data\r\n\r\nnameless", "name", marks=N(87), id="87-no-name"),
    pytest.param(b'Content-Disposition: form-data; name=""\r\n\r\nnameless', "name", marks=N(87), id="87-empty-name"),
    pytest.param(b"X-Other: 1\r\n\r\nnameless", "name", marks=N(87), id="87-no-disposition"),
    pytest.param(b"no header at all", "multipart", marks=N(87), id="87-no-header"),
    pytest.param(b'Content-Disposition: form-data; name="a"\r\n\r\n\xff', "UTF-8", marks=N(87), id="87-not-UTF-8"),
]
FILE_NAMES: list[Any] = [
    pytest.param(b"../../etc/passwd", marks=N(88), id="88-path"),
    pytest.param(b"nul\0.jpg", marks=N(89), id="89-NUL"),
    pytest.param(b"f" * 5000 + b".jpg", marks=N(89), id="89-5000-characters"),
    pytest.param(b'quo\\"ted.jpg', marks=N(89), id="89-quotes"),
]


@pytest.mark.parametrize("bad, names", PARTS)
def test_a_part_that_cannot_be_read(single: Hostile, good_parts: list[bytes], bad: bytes, names: str) -> None:
    single.refuse_body(multipart(*good_parts, bad), kind=MULTIPART, names=names)


@pytest.mark.parametrize("file_name", FILE_NAMES)
def test_a_file_name_is_never_used(single: Hostile, good_parts: list[bytes], file_name: bytes) -> None:
    """Files are not taken yet: refused, naming the field and not the file."""
    bad = b'Content-Disposition: form-data; name="media"; filename="' + file_name + b'"\r\n\r\nJPEG'
    for suffix in ("json", "xml"):
        answer = single.send(multipart(*good_parts, bad), kind=MULTIPART, suffix=suffix)
        assert answer.status_code == 400
        assert "passwd" not in answer.text
        assert len(answer.content) < 500


def test_multipart_that_ends_too_early(single: Hostile, good_parts: list[bytes]) -> None:
    single.refuse_body(multipart(*good_parts, end=False), kind=MULTIPART, names="multipart")


@pytest.mark.bad_input(95)
def test_one_byte_too_many(single: Hostile) -> None:
    limit = 1024 * 1024
    start = single.form() + b"&padding="
    single.refuse_body(start + b"p" * (limit + 1 - len(start)), status=413, names="larger")
    single.accept_body(start + b"p" * (limit - len(start)))


@pytest.mark.bad_input(96)
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "identity, gzip"])
def test_a_compressed_body_is_not_opened(single: Hostile, encoding: str) -> None:
    bomb = gzip.compress(b"d" * 50_000_000)
    single.refuse_body(bomb, names="Content-Encoding", headers={"Content-Encoding": encoding, "X-Api-Key": single.key})


@pytest.mark.bad_input(107)
def test_the_last_of_two_equal_json_names_wins(single: Hostile) -> None:
    body = json.dumps(document(single, description="first"))[:-1] + ', "description": "last"}'
    identity = single.accept_body(body.encode(), kind=JSON)
    assert single.get(f"requests/{identity}.json").json()[0]["description"] == "last"


@pytest.mark.bad_input(111)
def test_a_key_ten_thousand_times(single: Hostile) -> None:
    single.refuse_body(single.form() + b"&attribute[a]=1" * 10_000, status=413, names="fields")
    single.refuse_body(single.form() + b"&" * 10_000, status=413, names="fields")


def test_percent_signs_in_names_are_names(single: Hostile) -> None:
    single.accept_body(single.form() + b"&" + quote("attribute[%41]").encode() + b"=x")
