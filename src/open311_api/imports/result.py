"""What became of the rows of a file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class ImportResult:
    """Every row of the file is in exactly one of stored, updated, unchanged, repeated and rejected."""

    source: str
    jurisdiction_id: str
    dry_run: bool = False
    read: int = 0
    stored: int = 0
    updated: int = 0
    unchanged: int = 0
    repeated: int = 0
    """Earlier rows with an id that a later row of the file has too."""
    equal_rows: int = 0
    """Rows without an id that are equal to an earlier row; stored like any other."""
    reasons: Counter[str] = field(default_factory=Counter)
    without_place: int = 0
    unusable_places: int = 0
    unlikely_closings: int = 0
    new_services: int = 0
    new_departments: int = 0
    unknown_statuses: dict[str, int] = field(default_factory=dict)
    replaced_statuses: list[str] = field(default_factory=list)
    unused_columns: list[str] = field(default_factory=list)
    rejects: str | None = None
    """The file that holds the rejected rows."""
    read_seconds: float = 0.0
    seconds: float = 0.0

    @property
    def rejected(self) -> int:
        return sum(self.reasons.values())

    @property
    def accounted(self) -> int:
        return self.stored + self.updated + self.unchanged + self.repeated + self.rejected

    @property
    def per_second(self) -> int:
        return round(self.read / self.seconds) if self.seconds else 0

    def counts(self) -> dict[str, Any]:
        """As kept with the run."""
        names = (
            "read",
            "stored",
            "updated",
            "unchanged",
            "repeated",
            "rejected",
            "without_place",
            "new_services",
            "new_departments",
        )
        return {name: getattr(self, name) for name in names} | {"reasons": dict(self.reasons)}

    def to_json(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "jurisdiction": self.jurisdiction_id,
            "dry_run": self.dry_run,
            **self.counts(),
            "equal_rows": self.equal_rows,
            "unusable_places": self.unusable_places,
            "unlikely_closings": self.unlikely_closings,
            "unknown_statuses": self.unknown_statuses,
            "replaced_statuses": self.replaced_statuses,
            "unused_columns": self.unused_columns,
            "rejects": self.rejects,
            "seconds": round(self.seconds, 3),
            "read_seconds": round(self.read_seconds, 3),
            "rows_per_second": self.per_second,
        }
