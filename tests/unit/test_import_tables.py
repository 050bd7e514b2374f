"""Files as they come: line numbers, ragged rows, odd bytes, damage, JSON."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from open311_api.imports.errors import UnreadableTable
from open311_api.imports.tables import Row, Table


def rows(path: Path, wanted: tuple[str, ...] = ("a", "b")) -> list[Row]:
    with Table(path, delimiter=",", wanted=wanted) as table:
        return list(table.rows)


def written(tmp_path: Path, data: bytes, name: str = "table.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def test_the_number_of_a_row_is_the_line_on_which_it_begins(tmp_path: Path) -> None:
    found = rows(written(tmp_path, b'a,b\r\n1,"x\ny"\r\n\r\n2,z\r\n'))
    assert [(row.number, row.cells) for row in found] == [(2, ["1", "x\ny"]), (5, ["2", "z"])]


def test_a_mark_at_the_beginning_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    with Table(written(tmp_path, b"\xef\xbb\xbfa,b\n1,2\n"), delimiter=",", wanted=()) as table:
        assert table.header == {"a": 0, "b": 1}


def test_a_row_of_another_width_is_marked(tmp_path: Path) -> None:
    found = rows(written(tmp_path, b"a,b\n1\n1,2,3\n1,2\n"))
    assert [row.wrong.detail if row.wrong else None for row in found] == ["1 cells, 2 columns", "3 cells, 2 columns", None]


def test_a_gzipped_table_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    assert [row.cells for row in rows(written(tmp_path, gzip.compress(b"a,b\n1,2\n"), "table.txt"))] == [["1", "2"]]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "empty"),
        (gzip.compress(b"a,b\n" + b"1,2\n" * 100_000)[:-200], "damaged or breaks off"),
        ("a,b\n1,2\n".encode("utf-16"), "not UTF-8"),
        (b'a,b\n1,"' + b"x" * 1_100_000, "quote"),
        (b'{"a": 1}', "an array of objects is needed"),
        (b'[{"a": 1}, {"a": ', "not JSON"),
        (b'[{"a": 1}, {"a": "\xff"}]', "not JSON"),
    ],
)
def test_what_is_no_table_is_told(tmp_path: Path, data: bytes, told: str) -> None:
    with pytest.raises(UnreadableTable, match=told):
        rows(written(tmp_path, data))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTable, match="No such file"):
        rows(tmp_path / "none.csv")


def test_objects_are_cut_to_the_columns_the_mapping_knows(tmp_path: Path) -> None:
    document = [{"A": 1, "b": None, "c": True}, {"b": {"x": 1.5}}, "text", {"a": 101000295613, "b": 2.0}, {"a": -7, "b": True}]
    found = rows(written(tmp_path, gzip.compress(json.dumps(document).encode())), ("a", "b", "b_x"))
    assert [row.cells[:3] for row in found if not row.wrong] == [
        ["1", "", ""],
        ["", '{"x":1.5}', "1.5"],
        ["101000295613", "2", ""],
        ["-7", "true", ""],
    ]
    assert [row.number for row in found if row.wrong] == [3]


def test_an_object_is_known_by_all_it_says_in_any_order(tmp_path: Path) -> None:
    path = written(tmp_path, b'[{"a": 1, "z": 2}, {"z": 2, "a": 1}, {"a": 1, "z": 3}]')
    with Table(path, delimiter=",", wanted=("a",)) as table:
        known = [table.identity(row.cells) for row in table.rows]
    assert known[0] == known[1] != known[2]
