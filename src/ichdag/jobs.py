"""What every job shares: its log, its faults, its files written whole or not at all."""

import faulthandler
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ichdag.machine import host, versions

FORMAT = "%(asctime)s %(levelname)s %(message)s"
UMASK = os.umask(0)  # what this process keeps from others; it can only be read by setting it
os.umask(UMASK)


class DataFault(Exception):
    """A fault of one participant's data: the participant is left out, with stage and reason, and the cohort goes on."""

    def __init__(self, stage: str, reason: str):
        super().__init__(f"{stage}: {reason}")
        self.stage = stage
        self.reason = reason


class StudyError(Exception):
    """A fault of the study's set-up (configuration, cohort, model folder) that no job can work around."""


def start(job) -> logging.Logger:
    """Log to the rule's own log file and to standard error, crashes included; return the job's logger.

    `job` is Snakemake's script object; its rule and wildcards (the participant's id among them) head the log, then the
    host and the versions of packages, which `provenance.journal` reads there. Nothing here may change a result: the
    digests of code leave it out.
    """
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if job.log:
        Path(job.log[0]).parent.mkdir(parents=True, exist_ok=True)
        handlers.append(logging.FileHandler(job.log[0], mode="w", encoding="utf-8"))
        faulthandler.enable(handlers[-1].stream)
    logging.basicConfig(level=logging.WARNING, format=FORMAT, handlers=handlers, force=True)
    logger = logging.getLogger("ichdag")
    logger.setLevel(logging.INFO)
    name = " ".join([job.rule, *(f"{key}={value}" for key, value in job.wildcards.items())])
    sys.excepthook = lambda kind, error, trace: logger.critical("%s failed", name, exc_info=(kind, error, trace))
    logger.info("%s", name)
    logger.info("on %s with %s", host(), ", ".join(f"{package} {number}" for package, number in versions().items()))
    return logger


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path` (same suffixes) that takes its name only if the block ends well."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".partial-{os.getpid()}-{path.name}")
    try:
        yield partial
        partial.chmod(0o666 & ~UMASK)  # some writers keep their files from the group
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_text(text: str, path: str | Path) -> None:
    """Write a text file, whole."""
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")
