"""What a check of a city file found, each with its place, and the error that carries all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from open311_api.errors import Open311Error

NodePath = tuple[str | int, ...]
"""Keys and indexes from the top of a document down to one node."""


def node_name(path: NodePath) -> str:
    """The way a person would write it: services[3].attributes[0].code."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "document"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend (error) or to think about (warning); lines and columns count from 1."""

    file: str
    line: int
    column: int
    node: str
    message: str
    remedy: str = ""
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.severity}: {self.node}: {self.message}" + (f"; {self.remedy}" if self.remedy else "")


def in_order(findings: Sequence[Finding]) -> list[Finding]:
    """By file and line, each told once."""
    return sorted(dict.fromkeys(findings), key=lambda finding: (finding.file, finding.line, finding.column, finding.node))


class InvalidCityFile(Open311Error):
    """The city file cannot be used; carries every finding, not only the first."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(in_order(findings))
        super().__init__("\n".join(str(finding) for finding in self.findings))
