"""The file of rejected rows: line, reason and the row as it was read, to be mended and imported again."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from open311_api.errors import Open311Error
from open311_api.imports.errors import Rejected
from open311_api.imports.tables import Row


class Rejects:
    """Counts reasons; the file is made when the first row is rejected, so that a clean import leaves none."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.reasons: Counter[str] = Counter()
        self._path = path
        self._columns = columns
        self._file: TextIO | None = None

    def refuse(self, row: Row, rejected: Rejected) -> None:
        self.reasons[rejected.reason] += 1
        if self._file is None:
            try:
                # Bytes that are not UTF-8 are shown as \xff: the file itself must be readable.
                self._file = self._path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
            except OSError as error:
                raise Open311Error(f"rejected rows cannot be written to {self._path}: {error.strerror}") from None
            csv.writer(self._file, lineterminator="\n").writerow(["line", "reason", "detail", *self._columns])
        csv.writer(self._file, lineterminator="\n").writerow([row.number, rejected.reason, rejected.detail, *row.cells])

    @property
    def path(self) -> str | None:
        return str(self._path) if self._file else None

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
