"""The figures as Markdown, for docs/benchmarks."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import asyncpg

from benchmarks.plans import Plan
from benchmarks.run import Figures, Report

_PACKAGES = ("asyncpg", "uvicorn", "uvloop", "httptools", "starlette", "fastapi", "orjson")


async def machine(url: str) -> list[str]:
    """What it was measured on."""
    connection = await asyncpg.connect(url)
    try:
        server, postgis = (
            await connection.fetchval("SHOW server_version"),
            await connection.fetchval("SELECT postgis_lib_version()"),
        )
        fsync, commit = await connection.fetchval("SHOW fsync"), await connection.fetchval("SHOW synchronous_commit")
    finally:
        await connection.close()
    processors = Path("/proc/cpuinfo").read_text()
    names = [line.partition(": ")[2] for line in processors.splitlines() if line.startswith("model name")]
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    when = (
        f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC on {len(names) or 'some'} × {names[0] if names else platform.machine()}."
    )
    what = f"Python {platform.python_version()}, PostgreSQL {server.split()[0]}, PostGIS {postgis}; fsync {fsync}"
    return [when, f"{what}, synchronous_commit {commit}; {packages}."]


def markdown(report: Report, about: list[str], plans: list[Plan]) -> str:
    lines = [
        f"# Benchmarks at {report.rows:,} requests",
        "",
        "Written by `python -m benchmarks run`; [what is measured and how](README.md).",
        "",
        *(f"{line}\n" for line in about),
        "Microseconds of CPU for an answer, server + database; the ratio is the floor's by ours, so more is better.",
        "",
        "| work | ratio | goal | | floor, µs | ours, µs | cache hits | ratio, cold cache | p50 / p99 of ours, ms | answers/s |",
        "|---|---:|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    for line in report.measured:
        hits = "" if line.ours.hits is None else f"{line.ours.hits:.0%}"
        cold = "" if line.cold is None else f"{line.cold:.2f}"
        name = f"{line.name} ({line.note})" if line.note else line.name
        lines.append(
            f"| {name} | **{line.ratio:.2f}** | {line.goal:.2f} | {_verdict(line.ratio, line.goal)} | {_micro(line.floor)} "
            f"| {_micro(line.ours)} | {hits} | {cold} | {line.ours.p50 * 1000:.1f} / {line.ours.p99 * 1000:.1f} "
            f"| {line.ours.rate:,.0f} |"
        )
    if report.imported is not None:
        found = report.imported
        told = (
            f"Import of a CSV of {found.rows:,} rows into the live, indexed tables: {found.imported:.1f} s of CPU "
            f"({found.rows / found.import_wall:,.0f} rows/s); a bare COPY of the same rows and events: {found.copied:.1f} s "
            f"({found.rows / found.copy_wall:,.0f} rows/s). Ratio **{found.ratio:.2f}**, goal 0.50, {_verdict(found.ratio, 0.5)}."
        )
        lines += ["", told]
    lines += ["", *(f"- {remark}" for remark in report.remarks)]
    if plans:
        lines += _plans(plans)
    return "\n".join(lines).rstrip() + "\n"


def _verdict(ratio: float, goal: float) -> str:
    return "met" if ratio >= goal else "met within the tolerance of 10 %" if ratio >= goal * 0.9 else "**short**"


def _micro(figures: Figures) -> str:
    return f"{figures.server * 1e6:,.0f} + {figures.database * 1e6:,.0f}"


def _plans(plans: list[Plan]) -> list[str]:
    lines = [
        "",
        "## Plans",
        "",
        "`EXPLAIN (ANALYZE, BUFFERS)`, the third run, with the kind of plan the server uses for that shape; pages of 50.",
        "",
        "| list | plan | ms | blocks | indexes |",
        "|---|---|---:|---:|---|",
    ]
    lines += [f"| {plan.name} | {plan.kind} | {plan.milliseconds:.2f} | {plan.blocks:,} | {plan.indexes} |" for plan in plans]
    return lines
