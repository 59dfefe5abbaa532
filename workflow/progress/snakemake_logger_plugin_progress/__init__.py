"""Print what a person wants to see of a run: how far it is, what it is at, and why something failed.

For `snakemake --logger progress`, as `make demo` does. Lines go to standard output.
"""

import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

CODE = Path(__file__).parents[3]
sys.path.extend(str(CODE / folder) for folder in ("src", "workflow"))

from plain_errors import print_plain_errors  # noqa: E402

print_plain_errors()  # when imported: Snakemake imports its plugins, then reads files of settings, then makes handlers

SECONDS_BETWEEN_LINES = 5
LINES_OF_A_FAILED_LOG = 25
CHATTER = ("Select jobs", "Using shell", "Assuming unrestricted", "host: ", "Storing output", "Removing output")
PRINTED_EVENTS = {LogEvent.ERROR, LogEvent.GROUP_ERROR, None}


class LogHandler(LogHandlerBase):
    """Progress at most every few seconds; errors at once, with the end of the failed job's own log."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        self.began = self.last_printed = time.monotonic()
        self.running: dict[int, str] = {}

    def emit(self, record: Any) -> None:
        """Take one event of the run."""
        event = getattr(record, "event", None)
        if event == LogEvent.JOB_INFO:
            self.running[record.jobid] = record.rule_name
            if record.rule_msg:
                self.print_line(record.rule_msg)
        elif event == LogEvent.JOB_FINISHED:
            self.running.pop(record.job_id, None)
        elif event == LogEvent.PROGRESS:
            self.print_progress(record.done, record.total)
        elif event == LogEvent.JOB_ERROR:
            self.running.pop(record.jobid, None)
            self.print_failure(record)
        elif event == LogEvent.RUN_INFO:
            self.print_line(f"{record.stats.get('total', 0)} steps to do")
        elif event in PRINTED_EVENTS and self.is_worth_printing(record):
            self.print_line(record.getMessage())

    def print_progress(self, done: int, total: int) -> None:
        """Print one line: how much is done, since when, and which rules run now."""
        if done < total and time.monotonic() - self.last_printed < SECONDS_BETWEEN_LINES:
            return
        self.last_printed = time.monotonic()
        minutes, seconds = divmod(round(self.last_printed - self.began), 60)
        now = [rule if n == 1 else f"{n} x {rule}" for rule, n in Counter(self.running.values()).most_common()]
        clock = f"{minutes:2d}:{seconds:02d} min"
        self.print_line(f"{done:5d} of {total} steps ({100 * done // total:3d} %)  {clock}  {', '.join(now)}".rstrip())

    def print_failure(self, record: Any) -> None:
        """Which rule failed on what, where its log is, and how the log ends."""
        self.print_line(f"FAILED: {record.rule_name}, which makes {', '.join(record.output) or 'nothing'}")
        for log in record.log:
            self.print_line(f"  log: {Path(log).absolute()}")
            if Path(log).is_file():
                lines = Path(log).read_text(encoding="utf-8", errors="replace").splitlines()
                self.print_line("\n".join(f"  | {line}" for line in lines[-LINES_OF_A_FAILED_LOG:]))

    @staticmethod
    def is_worth_printing(record: Any) -> bool:
        """Tell whether a message is of use to a person who watches the run."""
        message = record.getMessage().strip()
        return message not in ("", "None") and not message.startswith(CHATTER)

    @staticmethod
    def print_line(line: str) -> None:
        """Write one line at once."""
        print(line, file=sys.stdout, flush=True)
