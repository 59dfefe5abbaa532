"""The journal of a study: one row for each job that made a result, from Snakemake's records, its log and its benchmark.

Kept by what runs the workflow, once a run has ended, for only then is all of it written; so it needs no pandas. Rows of
jobs that did not run again are kept as they are: a run of few jobs reads few files.
"""

import csv
import hashlib
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ichdag.jobs import atomic_write
from ichdag.provenance.schemas import COSTS, JOBS
from ichdag.schema import Schema

CODE = re.compile(r"'[0-9a-f]{12}'")  # what `code_digest` hands to a job
RAN_ON = re.compile(r" INFO on (\S+) with (.+)$", re.M)
DEVICE = re.compile(r" INFO device: (.+), \d+ threads$", re.M)
MEASURED = ("wall_s", "cpu_s", "memory_mib")
MISSING = "n/a"

Row = dict[str, Any]


def update_journal(
    folder: str | Path, *, jobs: Iterable[Any], record_of: Callable[[Any], Any]
) -> tuple[list[Row], list[Row]]:
    """Bring jobs.tsv and costs.tsv (schemas jobs and costs) in `folder` up to date; return the rows of both.

    `jobs` are Snakemake's, `record_of` gives what it noted when an output was made, or None. A job that ran outside
    this run's targets stays as long as its first output is there.
    """
    path = Path(folder) / "jobs.tsv"
    before = {row["job"]: row for row in _read(path)}
    after = {}
    for job in jobs:
        record = record_of(job.output[0]) if job.output and job.log else None
        if record is not None and record.starttime:
            name = str(job.log[0]).removeprefix("logs/").removesuffix(".log")
            known = before.get(name, {})
            same = known.get("started") == format_time(record.starttime)
            after[name] = known if same else {"job": name} | job_row(job, record)
    rows = [row for name, row in before.items() if name not in after and Path(row["outputs"].split()[0]).exists()]
    rows = sorted([*rows, *after.values()], key=lambda row: (row["started"], row["job"]))
    if not rows and not path.exists():
        return [], []  # nothing was made: there is no study to tell of
    costs = costs_by_rule(rows)
    _write(rows, path, JOBS)
    _write(costs, path.with_name("costs.tsv"), COSTS)
    return rows, costs


def job_row(job: Any, record: Any) -> Row:
    """Build one row of schema jobs, without the name. What a log or a benchmark does not contain is missing."""
    log = _text(job.log[0])
    measured = _benchmark(job.benchmark)
    codes = [value for value in record.params or [] if CODE.fullmatch(value)]
    settings = [value for value in record.params or [] if value not in codes]
    checksums = record.input_checksums or {}
    ran = RAN_ON.search(log)
    device = DEVICE.search(log)
    return {
        "rule": job.rule.name,
        "wildcards": " ".join(f"{name}={value}" for name, value in job.wildcards_dict.items()) or None,
        "outputs": " ".join(map(str, job.output)),
        "settings": _digest(settings),
        "code": codes[0].strip("'") if len(codes) == 1 else None,
        "inputs": len(record.input or []),
        "inputs_known": len(checksums),
        "inputs_digest": _digest([f"{name} {checksum}" for name, checksum in checksums.items()]),
        "packages": ran and ran[2],
        "host": ran and ran[1],
        "device": device and device[1],
        "started": format_time(record.starttime),
        "wall_s": measured.get("s"),
        "cpu_s": measured.get("cpu_time"),
        "memory_mib": measured.get("max_rss"),
    }


def costs_by_rule(rows: list[Row]) -> list[Row]:
    """Sum the costs of each rule (schema costs), the rule that took longest first."""
    costs = []
    for rule in {row["rule"]: None for row in rows}:
        own = [row for row in rows if row["rule"] == rule]
        wall, cpu, memory = ([float(row[name]) for row in own if _known(row[name])] for name in MEASURED)
        cost = {"rule": rule, "jobs": len(own), "wall_s": round(sum(wall), 2), "longest_s": max(wall, default=None)}
        cost |= {"cpu_s": round(sum(cpu), 2) if cpu else None, "memory_mib": max(memory, default=None)}
        for name in ("host", "device"):
            cost[f"{name}s"] = ", ".join(sorted({row[name] for row in own if _known(row[name])})) or None
        costs.append(cost)
    return sorted(costs, key=lambda cost: -cost["wall_s"])


def _known(cell: Any) -> bool:
    return cell not in (None, "", MISSING)


def _digest(lines: list[str]) -> str | None:
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:12] if lines else None


def format_time(seconds: float) -> str:
    """Format seconds since 1970 as date and time, UTC, with microseconds."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _text(path: Any) -> str:
    """Read a text file; return an empty text if there is none."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def _benchmark(path: Any) -> dict[str, str]:
    """Read the measured values of a benchmark file by name; a job too short to be sampled has no values."""
    lines = _text(path).splitlines() if path else []
    values = dict(zip(lines[0].split("\t"), lines[-1].split("\t"), strict=False)) if len(lines) > 1 else {}
    return {name: value for name, value in values.items() if value not in ("", "-", "NA", "nan")}


def _read(path: Path) -> list[Row]:
    """Read the complete rows of an earlier table; none if it does not have these columns."""
    rows = list(csv.DictReader(_text(path).splitlines(), delimiter="\t"))
    names = set(JOBS.column_names)
    return [row for row in rows if set(row) == names and None not in row.values()]


def _write(rows: list[Row], path: Path, schema: Schema) -> None:
    """Write rows in the columns of their schema, whole."""
    names = schema.column_names
    with atomic_write(path) as partial, open(partial, "w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream, delimiter="\t", lineterminator="\n")
        table.writerow(names)
        table.writerows([row[name] if _known(row[name]) else MISSING for name in names] for row in rows)
