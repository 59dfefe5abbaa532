"""Tables of how results were made: one row a job, one row a rule."""

from typing import Any

from ichdag.schema import Column, Schema, number

MADE: dict[str, Any] = {"low": 0, "missing": True}

JOBS = Schema(
    "jobs",
    (
        Column("job", "rule and wildcards, as in the name of its log"),
        Column("rule", "rule that made the results"),
        Column("wildcards", "what it was made for", missing=True),
        Column("outputs", "files it made, in the study's directory"),
        Column("settings", "digest of the settings and other parameters it was handed", missing=True),
        Column("code", "digest of the script and library code behind it; n/a where it has none", missing=True),
        number("inputs", "files it read", low=0),
        number("inputs_known", "of these, files whose checksum is in inputs_digest (the others are too large)", low=0),
        Column("inputs_digest", "digest of the names and checksums (SHA-256) of the files it read", missing=True),
        Column("packages", "versions of Python and of the packages whose numbers end up in a result", missing=True),
        Column("host", "machine it ran on", missing=True),
        Column("device", "what its network ran on: CPU, or the GPU's name; n/a where it has none", missing=True),
        Column("started", "when it started, UTC"),
        number("wall_s", "time from start to end", "s", **MADE),
        number("cpu_s", "CPU time of all its processes, sampled every few seconds", "s", **MADE),
        number("memory_mib", "largest resident memory, sampled likewise", "MiB", **MADE),
    ),
)

COSTS = Schema(
    "costs",
    (
        Column("rule", "rule"),
        number("jobs", "jobs whose results are in the study", low=1),
        number("wall_s", "wall time of all of them together", "s", **MADE),
        number("longest_s", "wall time of the longest", "s", **MADE),
        number("cpu_s", "CPU time of all of them together", "s", **MADE),
        number("memory_mib", "largest resident memory of any", "MiB", **MADE),
        Column("hosts", "machines they ran on", missing=True),
        Column("devices", "what networks ran on", missing=True),
    ),
)
