"""Tables of how results were made: one row a job, one row a rule."""

from typing import Any

from ichdag.schema import Column, Schema, number

MADE: dict[str, Any] = {"low": 0, "missing": True}

JOBS = Schema(
    "jobs",
    (
        Column("job", "rule and wildcards, as in the name of its log"),
        Column("rule", "rule that made the results"),
        Column("wildcards", "wildcards of the job", missing=True),
        Column("outputs", "files that it wrote, relative to the study directory"),
        Column("settings", "digest of the settings and other parameters of the job", missing=True),
        Column("code", "digest of the script and the library code that it uses; n/a if there is none", missing=True),
        number("inputs", "number of files that it read", low=0),
        number(
            "inputs_known", "number of these files whose checksum is in inputs_digest (the others are too large)", low=0
        ),
        Column("inputs_digest", "digest of the names and checksums (SHA-256) of the files it read", missing=True),
        Column("packages", "versions of Python and of the packages that results depend on", missing=True),
        Column("host", "machine that the job ran on", missing=True),
        Column("device", "device of the network: CPU, or the name of the GPU; n/a without a network", missing=True),
        Column("started", "when it started, UTC"),
        number("wall_s", "time from start to end", "s", **MADE),
        number("cpu_s", "CPU time of all its processes, sampled every few seconds", "s", **MADE),
        number("memory_mib", "largest resident memory, sampled every few seconds", "MiB", **MADE),
    ),
)

COSTS = Schema(
    "costs",
    (
        Column("rule", "rule"),
        number("jobs", "number of jobs whose results are in the study", low=1),
        number("wall_s", "sum of the wall times of all jobs", "s", **MADE),
        number("longest_s", "wall time of the longest job", "s", **MADE),
        number("cpu_s", "sum of the CPU times of all jobs", "s", **MADE),
        number("memory_mib", "largest resident memory of any job", "MiB", **MADE),
        Column("hosts", "machines that the jobs ran on", missing=True),
        Column("devices", "devices that the networks ran on", missing=True),
    ),
)
