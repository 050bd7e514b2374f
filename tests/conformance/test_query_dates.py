"""Date windows of lists (C-157 to C-167)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from builders import ago, build_service_request, store
from conftest import Town
from reading import assert_refused, ids_of

both = pytest.mark.parametrize("suffix", ["xml", "json"])
ZONE = ZoneInfo("Europe/Amsterdam")


def stored_at(town: Town, *moments: datetime) -> list[str]:
    return store(town.database_url, *(build_service_request(requested_datetime=moment) for moment in moments))


@both
@pytest.mark.conformance("C-157", "C-158")
def test_the_default_window_is_the_last_90_days(town: Town, suffix: str) -> None:
    inside, outside = stored_at(town, ago(days=89, hours=23), ago(days=91))
    found = ids_of(town.get(f"requests.{suffix}"))
    assert inside in found
    assert outside not in found
    found = ids_of(town.get(f"requests.{suffix}", params={"start_date": ago(days=92).isoformat()}))
    assert {inside, outside} <= set(found)


@both
@pytest.mark.conformance("C-159")
def test_a_start_date_alone_reaches_to_now(town: Town, suffix: str) -> None:
    before, after, just_now = stored_at(town, ago(days=200), ago(days=198), ago(seconds=1))
    found = ids_of(town.get(f"requests.{suffix}", params={"start_date": ago(days=199).isoformat()}))
    assert {after, just_now} <= set(found)
    assert before not in found


@both
@pytest.mark.conformance("C-160")
def test_an_end_date_alone_means_the_90_days_before_it(town: Town, suffix: str) -> None:
    too_old, first, last, too_new = stored_at(town, ago(days=1091), ago(days=1089), ago(days=1001), ago(days=999))
    found = ids_of(town.get(f"requests.{suffix}", params={"end_date": ago(days=1000).isoformat()}))
    assert {first, last} <= set(found)
    assert not {too_old, too_new} & set(found)


@both
@pytest.mark.conformance("C-161")
def test_both_ends_of_a_window_belong_to_it(town: Town, suffix: str) -> None:
    moment = ago(days=3)
    (identity,) = stored_at(town, moment)
    exactly = {"start_date": moment.isoformat(), "end_date": moment.isoformat()}
    assert identity in ids_of(town.get(f"requests.{suffix}", params=exactly))
    later = {"start_date": (moment + timedelta(seconds=1)).isoformat()}
    assert identity not in ids_of(town.get(f"requests.{suffix}", params=later))
    earlier = {"end_date": (moment - timedelta(seconds=1)).isoformat()}
    assert identity not in ids_of(town.get(f"requests.{suffix}", params=earlier))


@both
@pytest.mark.conformance("C-161")
def test_the_moment_that_is_shown_finds_a_report_of_now(town: Town, suffix: str) -> None:
    """What is stored has no hidden fraction that would put it behind its own date."""
    identity = town.report()
    (shown,) = town.get(f"requests/{identity}.json").json()
    window = {"start_date": shown["requested_datetime"], "end_date": shown["requested_datetime"]}
    assert identity in ids_of(town.get(f"requests.{suffix}", params=window))


@both
@pytest.mark.conformance("C-162")
def test_a_window_that_ends_before_it_starts_is_refused(town: Town, suffix: str) -> None:
    params = {"start_date": "2026-02-10T00:00:01Z", "end_date": "2026-02-10T00:00:00Z"}
    assert_refused(town.get(f"requests.{suffix}", params=params), 400, "start_date", "end_date")


@both
@pytest.mark.conformance("C-163")
@pytest.mark.parametrize("name", ["start_date", "end_date", "updated_after", "updated_before"])
@pytest.mark.parametrize(
    "text",
    [
        "garbage", "1", "2026-13-01", "2026-02-30T00:00:00Z", "20260210", "2026-02-10T25:00:00Z", "2026-02-10T00:00:0002:00",
        "2026-02-10T00:00:00+99:00",
    ],
)  # fmt: skip
def test_what_is_no_date_is_refused_by_name(town: Town, suffix: str, name: str, text: str) -> None:
    assert_refused(town.get(f"requests.{suffix}", params={name: text}), 400, name)


# The moment 2025-02-09T23:00:00Z, as clients write it into an address.
SAME_MOMENT = [
    "2025-02-09T23:00:00Z",
    "2025-02-09T23:00:00z",
    "2025-02-09T23:00Z",
    "2025-02-09%2023:00:00Z",
    "2025-02-10T00:00:00+01:00",
    "2025-02-10T00:00:00%2B01:00",
    "2025-02-10T00:00:00%2B0100",
    "2025-02-10T00:00:00%2B01",
    "2025-02-10T00:00:00%2001:00",
    "2025-02-10T00:00:00.000%2B01:00",
    "2025-02-09T18:00:00-05:00",
    "2025-02-09T18:00:00-0500",
    "2025-02-10T00:00:00",
    "2025-02-10T00:00",
    "2025-02-10",
    "%202025-02-10%20",
]


@pytest.fixture(scope="module")
def midnight(town: Town) -> tuple[str, str, str]:
    """A second before, at, and a second after midnight of 10 February in Riverton."""
    moment = datetime(2025, 2, 9, 23, 0, 0, tzinfo=UTC)
    before, at, after = stored_at(town, moment - timedelta(seconds=1), moment, moment + timedelta(seconds=1))
    return before, at, after


@both
@pytest.mark.conformance("C-164", "C-165")
@pytest.mark.parametrize("written", SAME_MOMENT)
def test_every_way_to_write_a_moment_means_that_moment(
    town: Town, suffix: str, midnight: tuple[str, str, str], written: str
) -> None:
    found = ids_of(town.get(f"requests.{suffix}?start_date={written}&end_date=2025-02-11"))
    assert [identity for identity in found if identity in midnight] == [midnight[2], midnight[1]]


@both
@pytest.mark.conformance("C-165")
def test_without_a_zone_the_offset_of_that_season_counts(town: Town, suffix: str) -> None:
    summer = datetime(2025, 7, 1, 12, 0, 0, tzinfo=ZONE)
    (identity,) = stored_at(town, summer.astimezone(UTC))
    params = {"start_date": "2025-07-01T12:00:00", "end_date": "2025-07-01 12:00"}
    assert identity in ids_of(town.get(f"requests.{suffix}", params=params))
    params = {"start_date": "2025-07-01T11:59:00", "end_date": "2025-07-01 11:59:59"}
    assert ids_of(town.get(f"requests.{suffix}", params=params)) == []


@both
@pytest.mark.conformance("C-166")
def test_a_day_as_end_date_includes_the_whole_day(town: Town, suffix: str) -> None:
    day = datetime(2025, 10, 26, tzinfo=ZONE)  # the clocks went back that night: 25 hours
    first, last, next_day = stored_at(
        town,
        day.astimezone(UTC),
        datetime(2025, 10, 26, 23, 59, 59, tzinfo=ZONE).astimezone(UTC),
        datetime(2025, 10, 27, tzinfo=ZONE).astimezone(UTC),
    )
    found = ids_of(town.get(f"requests.{suffix}", params={"start_date": "2025-10-26", "end_date": "2025-10-26"}))
    assert {first, last} <= set(found)
    assert next_day not in found


@both
@pytest.mark.conformance("C-167")
def test_a_range_of_400_days_is_accepted_by_default(town: Town, suffix: str) -> None:
    oldest = ago(days=2400)
    first, last = stored_at(town, oldest, ago(days=2001))
    params = {"start_date": oldest.isoformat(), "end_date": ago(days=2000).isoformat()}
    found = ids_of(town.get(f"requests.{suffix}", params=params))
    assert [identity for identity in found if identity in (first, last)] == [last, first]


@both
def test_an_empty_date_is_no_date(town: Town, suffix: str) -> None:
    (identity,) = stored_at(town, ago(days=1))
    assert identity in ids_of(town.get(f"requests.{suffix}?start_date=&end_date=&updated_after="))
