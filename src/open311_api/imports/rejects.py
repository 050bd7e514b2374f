"""The file of rejected rows: line, reason and the row as it was read, to be mended and imported again."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from open311_api.errors import Open311Error
from open311_api.imports.errors import Rejected
from open311_api.imports.tables import Row


class Rejects:
    """Counts reasons; a file is made when the first row is rejected, and gets its name when the import has ended well."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.reasons: Counter[str] = Counter()
        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        self._columns = columns
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._file is None:
            return
        self._file.close()
        if error is None:
            self._part.replace(self._path)
        else:
            self._part.unlink(missing_ok=True)

    @property
    def path(self) -> str | None:
        return str(self._path) if self._file else None

    def refuse(self, row: Row, rejected: Rejected) -> None:
        self.reasons[rejected.reason] += 1
        if self._file is None:
            try:
                # Bytes that are not UTF-8 are written as \udcff, say: the file itself must be readable.
                self._file = self._part.open("w", encoding="utf-8", errors="backslashreplace", newline="")
            except OSError as error:
                raise Open311Error(f"rejected rows cannot be written to {self._part}: {error.strerror}") from None
            self._write(["line", "reason", "detail", *self._columns])
        self._write([row.number, rejected.reason, rejected.detail, *row.cells])

    def _write(self, cells: Sequence[object]) -> None:
        assert self._file is not None
        csv.writer(self._file, lineterminator="\n").writerow(cells)
