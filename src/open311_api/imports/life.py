"""When a request was opened, changed and closed, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from open311_api.catalog.types import DetailedStatus
from open311_api.imports.errors import BAD_TIME, NO_TIME, Rejected
from open311_api.imports.mapping import Mapping as MappingDocument
from open311_api.imports.moments import Moments
from open311_api.imports.sources import Cells, Reader, Source, compile_source, one_line
from open311_api.imports.vocabulary import Statuses

_DAY = 86_400
_YES = frozenset({"1", "t", "true", "y", "yes"})


class Lives:
    """Status, detailed status, duplicate, opened, updated, expected and closed of each row, ready for COPY."""

    def __init__(
        self,
        mapping: MappingDocument,
        header: Mapping[str, int],
        missing: frozenset[str],
        detailed_statuses: Sequence[DetailedStatus],
    ) -> None:
        def line(source: Source | None) -> Reader:
            return one_line(compile_source(source, header, missing))

        self.statuses = Statuses(mapping.status, detailed_statuses)
        self.unlikely = 0
        """Closing times more than a day before the opening."""
        self._read = Moments(mapping.dates, mapping.zone)
        self._status, self._duplicate = line(mapping.status.columns), line(mapping.duplicate)
        self._opened, self._updated = line(mapping.requested), line(mapping.updated)
        self._expected, self._closed = line(mapping.expected), line(mapping.closed)

    def __call__(self, cells: Cells) -> str:
        opened = self._moment(self._opened, cells)
        if opened is None:
            raise Rejected(NO_TIME)
        closed = self._believed(self._moment(self._closed, cells), opened)
        updated = self._moment(self._updated, cells)
        expected = self._moment(self._expected, cells)
        meaning = self.statuses(self._status(cells), closed=closed is not None)
        newest = max(opened, closed or opened, updated or opened)
        # An open request that was closed before keeps the time as its last change only.
        closed_text = "" if closed is None or meaning.status == "open" else closed
        expected_text = "" if expected is None else expected
        duplicate = "t" if meaning.duplicate or self._duplicate(cells).casefold() in _YES else "f"
        return f"{meaning.status}\t{meaning.detailed}\t{duplicate}\t{opened}\t{newest}\t{expected_text}\t{closed_text}"

    def _moment(self, reader: Reader, cells: Cells) -> int | None:
        text = reader(cells)
        if not text:
            return None
        try:
            return self._read(text)
        except ValueError:
            raise Rejected(BAD_TIME, text[:100]) from None

    def _believed(self, closed: int | None, opened: int) -> int | None:
        """A closing within the day before the opening is a date without its time; one long before it is not believed."""
        if closed is None or closed >= opened:
            return closed
        if opened - closed < _DAY:
            return opened
        self.unlikely += 1
        return None
