"""Times of the source: every format read as strptime reads it, in the zone of the mapping, to whole seconds."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from open311_api.imports.moments import Moments, format_problem

NEW_YORK = ZoneInfo("America/New_York")


def read(text: str, *formats: str, zone: ZoneInfo = NEW_YORK) -> str:
    return datetime.fromtimestamp(Moments(formats or ("%Y-%m-%d %H:%M:%S",), zone)(text), UTC).isoformat()


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("2011-07-01 01:32:33", "%Y-%m-%d %H:%M:%S", "2011-07-01T05:32:33+00:00"),
        ("2018-01-01 00:48:30.0", "%Y-%m-%d %H:%M:%S.%f", "2018-01-01T05:48:30+00:00"),
        ("2018-01-01 00:48:30.999", "%Y-%m-%d %H:%M:%S.%f", "2018-01-01T05:48:30+00:00"),
        ("05/01/2022 12:00:03 AM", "%m/%d/%Y %I:%M:%S %p", "2022-05-01T04:00:03+00:00"),
        ("05/01/2022 12:00:03 PM", "%m/%d/%Y %I:%M:%S %p", "2022-05-01T16:00:03+00:00"),
        ("08/07/2017", "%m/%d/%Y", "2017-08-07T04:00:00+00:00"),
        ("2000-01-03", "ISO", "2000-01-03T05:00:00+00:00"),
        ("2025-12-03T21:13:22.000", "ISO", "2025-12-04T02:13:22+00:00"),
        ("2025-12-03T21:13:22Z", "ISO", "2025-12-03T21:13:22+00:00"),
        ("2025-12-03T21:13:22+02:00", "ISO", "2025-12-03T19:13:22+00:00"),
        ("7-Mar-24", "%d-%b-%y", "2024-03-07T05:00:00+00:00"),
    ],
)
def test_a_text_is_read_in_its_format(text: str, form: str, expected: str) -> None:
    assert read(text, form) == expected


def test_a_time_the_clocks_show_twice_is_the_first_of_the_two() -> None:
    assert read("2023-11-05 01:30:00") == "2023-11-05T05:30:00+00:00"


def test_a_time_the_clocks_leave_out_is_counted_on_from_before() -> None:
    assert read("2023-03-12 02:30:00") == "2023-03-12T07:30:00+00:00"


@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%Y-%m-%d %H:%M:%S.%f", "%d.%m.%Y", "ISO"])
@pytest.mark.parametrize("zone", ["America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca"])
def test_the_quick_way_agrees_with_strptime(form: str, zone: str) -> None:
    rng, place = random.Random(311), ZoneInfo(zone)
    moments = Moments((form,), place)
    changes = [1_699_163_000, 1_678_600_000, 1_680_354_000, 1_696_089_600]
    for turn in range(4000):
        second = rng.randrange(2_000_000_000) if turn % 2 else rng.choice(changes) + rng.randrange(-20_000, 20_000)
        local = datetime.fromtimestamp(second, place).replace(tzinfo=None)
        text = local.isoformat() if form == "ISO" else local.strftime(form)
        expected = datetime.fromisoformat(text) if form == "ISO" else datetime.strptime(text, form)  # noqa: DTZ007 zone added below
        assert moments(text) == int(expected.replace(tzinfo=place).timestamp() // 1), text


def test_formats_are_tried_in_their_order() -> None:
    both = ("%d/%m/%Y", "%m/%d/%Y")
    assert read("02/03/2024", *both).startswith("2024-03-02")
    assert read("02/13/2024", *both).startswith("2024-02-13")


def test_a_text_of_another_format_does_not_spoil_later_ones() -> None:
    moments = Moments(("%m/%d/%Y %I:%M:%S %p", "%Y-%m-%d %H:%M:%S"), NEW_YORK)
    texts = ["2013-10-31 02:08:41", "05/01/2022 12:10:51 AM", "05/01/2022 12: AM", "05/01/2022 12:59:59 AM", "2013-10-31 23:59:59"]
    read_texts = []
    for text in texts:
        try:
            read_texts.append(moments(text))
        except ValueError:
            read_texts.append(0)
    assert read_texts == [1383199721, 1651378251, 0, 1651381199, 1383278399]


@pytest.mark.parametrize(
    "text", ["", "x", "2000-13-01 00:00:00", "2000-01-03 25:00:00", "2000-01-03 10:61:00", "2000-01-03 10:00:00 ?"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="^" + (text.replace("?", r"\?") or "$")):
        Moments(("%Y-%m-%d %H:%M:%S", "ISO"), NEW_YORK)(text)


@pytest.mark.parametrize("form", ["%Q", "%H:%M", "yesterday", "%Y-%m"])
def test_a_format_without_a_day_or_with_unknown_parts_is_told(form: str) -> None:
    assert format_problem(form)
