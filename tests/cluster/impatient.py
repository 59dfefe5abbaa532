"""Snakemake that asks SLURM for the state of its jobs at least every second.

The plugin waits ten seconds longer after each question that no job's success answered, up to three minutes, and has no
option for it: right for a study of days, wrong for a test of minutes. Otherwise this is plain Snakemake.
"""

import sys

from snakemake.cli import main
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor

LONGEST_SECONDS = 1.0

interval = RemoteExecutor.next_seconds_between_status_checks
RemoteExecutor.next_seconds_between_status_checks = property(
    interval.fget, lambda executor, seconds: interval.fset(executor, min(seconds, LONGEST_SECONDS))
)

if __name__ == "__main__":
    sys.exit(main())
