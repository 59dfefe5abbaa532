"""Print what a run would do and why, in plain words by rule: Snakemake's own reasons of a dry run, each once.

For `snakemake --dry-run --logger plan` with this folder's parent on PYTHONPATH, as `make plan` does.
"""

import ast
import re
import sys
from collections import Counter
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

DIGEST = re.compile(r"'?[0-9a-f]{12}'?")
TRAINING = re.compile(r"(?P<why>.*?)(; the last training took (?P<hours>\S+) h)?$", re.S)  # a training's message
TRAINERS = {"train_network": "networks", "train_vaegan": "VAE-GAN"}
CHANGE = re.compile(r"before: (?P<before>.*) now: (?P<now>.*)", re.S)
DOUBT = re.compile(r"^\S+ (was changed after it was made|is another than it was made with)$")  # see planning.py
NAMED = 2  # files named for one reason; more are counted


class LogHandler(LogHandlerBase):
    """Gathers the jobs of a dry run; says at its end which rules would run, how often and why."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        self.jobs: list[Any] = []
        self.has_printed = False

    def emit(self, record: Any) -> None:
        """Take one event: a job that would run, or an error, which is said at once."""
        if getattr(record, "event", None) == LogEvent.JOB_INFO:
            self.jobs.append(record)
        elif record.levelname in ("ERROR", "CRITICAL"):
            self.has_printed = True
            print(record.getMessage(), file=sys.stdout, flush=True)

    def close(self) -> None:
        """Print the plan."""
        if not self.has_printed:
            self.has_printed = True
            print("\n".join(plan(self.jobs)), file=sys.stdout, flush=True)
        super().close()


def plan(jobs: list[Any]) -> list[str]:
    """Return the plan as lines: what would run in the order of the data, each rule with its reasons."""
    if not jobs:
        return ["Nothing to be done: every result is there, and nothing it was made from has changed."]
    makers = {path.partition(" (")[0]: job.rule_name for job in jobs for path in job.output}  # (update) may follow
    reasons: dict[str, Counter] = {}
    for job in jobs:
        reasons.setdefault(job.rule_name, Counter()).update({"; ".join(causes(job, makers)): 1})
    lines = [f"A run would do {len(jobs)} jobs of {len(reasons)} rules; every other result stays as it is."]
    lines += trainings(jobs)
    for rule, counts in reasons.items():
        for number, (reason, count) in enumerate(counts.most_common()):
            lines.append(f"  {rule if number == 0 else '':26s} {count:5d} x  {reason}")
    return lines


def trainings(jobs: list[Any]) -> list[str]:
    """Say what is trained, why, and how long the same took last time: what a rerun costs most of."""
    lines = []
    for rule, what in TRAINERS.items():
        matches = [
            TRAINING.match(str(getattr(job, "rule_msg", "")).partition(": ")[2])
            for job in jobs
            if job.rule_name == rule
        ]
        hours = [float(match["hours"]) for match in matches if match["hours"]]
        total = f"{sum(hours):.0f}" if sum(hours) >= 10 else f"{sum(hours):.2g}"
        took = f"; the last trainings took {total} h together" if hours else ""
        for why, count in Counter(match["why"] for match in matches).items():
            name = f"{count} {what}" if what == "networks" else f"the {what}"
            anew = " anew" if hours else ""
            lines.append(f"  It would train {name}{anew}: {why}{took}.")
    return lines


def causes(job: Any, makers: dict[str, str]) -> list[str]:
    """Return why one job would run. What follows from other jobs is named by their rules."""
    reasons = []
    for part in re.split(r"; (?=[A-Z])", job.reason):
        head, _, rest = part.partition(": ")
        if head == "Missing output files":
            reasons.append("its result is not there yet")
        elif head == "Incomplete output files":
            reasons.append("it was cut short")
        elif head == "Updated input files":
            reasons.append(f"{named(rest)} changed")
        elif head == "Input files updated by another job":
            rules = sorted({makers.get(path, "another job") for path in rest.split(", ")})
            reasons.append(f"follows from {', '.join(rules)}")
        elif head.startswith("Set of input files"):
            reasons.append("it reads other files than before (participants or results came or went)")
        elif head.startswith("Code has changed"):
            reasons.append("its script changed")
        elif head.startswith("Params have changed"):
            reasons.append(changed(rest))
        elif head.startswith("Software environment"):
            reasons.append("its conda environment changed")
        elif head.startswith("Forced execution"):
            reasons.append(
                "what is in the ledger does not hold any more" if getattr(job, "rule_msg", None) else "it was asked for"
            )
        elif head.startswith("Rules with neither"):
            reasons.append("it names a set of results")
        else:
            reasons.append(part)
    first = [cause for cause in reasons if not cause.startswith("follows from")]
    return first or reasons


def named(files: str) -> str:
    """Name up to a few files."""
    names = files.split(", ")
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more files" if len(names) > NAMED else "")


def changed(text: str) -> str:
    """Say what changed in the params of a job: its code, or which settings and how; or what is in doubt."""
    if DOUBT.search(text):
        return text
    parts = CHANGE.search(text)
    before, now = (parts["before"].strip(), parts["now"].strip()) if parts else (text, text)
    if DIGEST.fullmatch(before) and DIGEST.fullmatch(now):
        return "the code behind it changed"
    try:
        values = [ast.literal_eval(side) for side in (before, now)]
    except (ValueError, SyntaxError):
        return "its settings or its participants' rows changed"
    lines = differences(*values)
    return "settings changed: " + ", ".join(lines[:3]) + (f" and {len(lines) - 3} more" if len(lines) > 3 else "")


def differences(before: Any, now: Any, key: str = "") -> list[str]:
    """List each value that differs: `training.epochs 15 -> 20`."""
    if isinstance(before, dict) and isinstance(now, dict):
        inner = [differences(before.get(name), now.get(name), f"{key}.{name}") for name in {**before, **now}]
        return [line for lines in inner for line in lines]
    return [] if before == now else [f"{key.removeprefix('.') or 'value'} {short(before)} -> {short(now)}"]


def short(value: Any) -> str:
    """Write a value in few characters."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
