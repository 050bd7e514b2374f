"""Rendered documents in memory: only the version asked for, and never more bytes than allowed."""

from __future__ import annotations

from open311_api.georeport.fragments import FragmentCache


def test_only_the_same_version_of_the_same_variant_is_found() -> None:
    cache = FragmentCache(100_000)
    cache.put("json", "1", 3, b"three")
    assert cache.get("json", "1", 3) == b"three"
    assert cache.get("json", "1", 4) is None
    assert cache.get("xml", "1", 3) is None
    assert (cache.hits, cache.misses) == (1, 2)


def test_a_page_is_looked_up_in_its_order() -> None:
    cache = FragmentCache(100_000)
    cache.put("json", "a", 1, b"A")
    cache.put("json", "c", 1, b"C")
    assert cache.get_many("json", [("c", 1), ("b", 1), ("a", 1)]) == [b"C", None, b"A"]


def test_what_came_first_goes_first_and_the_bytes_stay_bounded() -> None:
    cache = FragmentCache(10 * 1300)
    for number in range(25):
        cache.put("json", str(number), 1, b"x" * 1000)
    assert not cache.knows("json", "14")
    assert all(cache.knows("json", str(number)) for number in range(15, 25))


def test_a_variant_that_is_no_longer_written_goes_before_a_living_one() -> None:
    cache = FragmentCache(4 * 1300)
    cache.put("old catalogue", "1", 1, b"x" * 1000)
    for number in range(4):
        cache.put("new catalogue", str(number), 1, b"x" * 1000)
    assert not cache.knows("old catalogue", "1")
    assert all(cache.knows("new catalogue", str(number)) for number in range(4))


def test_a_new_version_takes_the_place_of_the_old() -> None:
    cache = FragmentCache(3 * 1300)
    for version in range(50):
        cache.put("json", "1", version, b"x" * 1000)
    cache.put("json", "2", 1, b"x" * 1000)
    assert cache.get("json", "1", 49) is not None
    assert cache.get("json", "2", 1) is not None
