"""A SQLAlchemy construct compiled once, to be run on the raw asyncpg connection.

SQLAlchemy's execution layer costs more than the query itself on a hot path (docs/decisions/0002), so this project
writes SQL with SQLAlchemy and runs the text it compiles to. There is no second way of writing SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.sql.elements import ClauseElement

DIALECT = PGDialect_asyncpg()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it unannotated


class Statement:
    """SQL text with numbered parameters, and the order of their names."""

    __slots__ = ("_defaults", "names", "sql")

    def __init__(self, clause: ClauseElement) -> None:
        compiled = clause.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
        self.sql: str = compiled.string
        self.names: tuple[str, ...] = tuple(getattr(compiled, "positiontup", None) or ())
        self._defaults: Mapping[str, Any] = compiled.params

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """Parameters in the order of the text; a name without a value takes the one the construct was built with."""
        defaults = self._defaults
        return [values[name] if name in values else defaults[name] for name in self.names]


def as_statement(clause: Statement | ClauseElement) -> Statement:
    return clause if isinstance(clause, Statement) else Statement(clause)
