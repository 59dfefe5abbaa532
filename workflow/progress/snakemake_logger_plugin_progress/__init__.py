"""What a person wants to see of a run: how far it is, what it is at, and why something failed.

For `snakemake --logger progress`, as `make demo` does. Lines go to standard output.
"""

import sys
import time
from collections import Counter
from pathlib import Path

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

CODE = Path(__file__).parents[3]
sys.path.extend(str(CODE / folder) for folder in ("src", "workflow"))

from telling import print_plain_errors  # noqa: E402

print_plain_errors()  # when imported: Snakemake imports its plugins, then reads files of settings, then makes handlers

SECONDS_BETWEEN_LINES = 5
LINES_OF_A_FAILED_LOG = 25
CHATTER = ("Select jobs", "Using shell", "Assuming unrestricted", "host: ", "Storing output", "Removing output")
HEARD = {LogEvent.ERROR, LogEvent.GROUP_ERROR, None}


class LogHandler(LogHandlerBase):
    """Progress at most every few seconds; errors at once, with the end of the failed job's own log."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        self.began = self.spoke = time.monotonic()
        self.running: dict[int, str] = {}

    def emit(self, record) -> None:
        """Take one event of the run."""
        event = getattr(record, "event", None)
        if event == LogEvent.JOB_INFO:
            self.running[record.jobid] = record.rule_name
            if record.rule_msg:
                self.say(record.rule_msg)
        elif event == LogEvent.JOB_FINISHED:
            self.running.pop(record.job_id, None)
        elif event == LogEvent.PROGRESS:
            self.tell_progress(record.done, record.total)
        elif event == LogEvent.JOB_ERROR:
            self.running.pop(record.jobid, None)
            self.tell_failure(record)
        elif event == LogEvent.RUN_INFO:
            self.say(f"{record.stats.get('total', 0)} steps to do")
        elif event in HEARD and self.is_worth_saying(record):
            self.say(record.getMessage())

    def tell_progress(self, done: int, total: int) -> None:
        """One line: how much is done, since when, and which rules run now."""
        if done < total and time.monotonic() - self.spoke < SECONDS_BETWEEN_LINES:
            return
        self.spoke = time.monotonic()
        minutes, seconds = divmod(round(self.spoke - self.began), 60)
        now = [rule if n == 1 else f"{n} x {rule}" for rule, n in Counter(self.running.values()).most_common()]
        clock = f"{minutes:2d}:{seconds:02d} min"
        self.say(f"{done:5d} of {total} steps ({100 * done // total:3d} %)  {clock}  {', '.join(now)}".rstrip())

    def tell_failure(self, record) -> None:
        """Which rule failed on what, where its log is, and how the log ends."""
        self.say(f"FAILED: {record.rule_name}, which makes {', '.join(record.output) or 'nothing'}")
        for log in record.log:
            self.say(f"  log: {Path(log).absolute()}")
            if Path(log).is_file():
                lines = Path(log).read_text(encoding="utf-8", errors="replace").splitlines()
                self.say("\n".join(f"  | {line}" for line in lines[-LINES_OF_A_FAILED_LOG:]))

    @staticmethod
    def is_worth_saying(record) -> bool:
        """Whether a message is more than Snakemake's talk to itself."""
        message = record.getMessage().strip()
        return message not in ("", "None") and not message.startswith(CHATTER)

    @staticmethod
    def say(line: str) -> None:
        """Write one line at once."""
        print(line, file=sys.stdout, flush=True)
