"""Snakemake's plan, mended: a job is asked for reasons of its own also where it follows from others by ancient edges.

Snakemake 9 asks no job that follows from one that runs, for that one will run too. By an ancient edge it will not, and
its changed settings, inputs or missing results go unnoticed, with exit status 0 (docs/running.md has an example of
twenty lines). Nor does it run a job whose result is there while the record of what it was made with is not, was altered
since it was made, or was made with other files of the ledger than those that are there now, if these are older; and it
makes a missing result only if a job that runs names it. Mended is which jobs it takes for granted, nothing else.
"""

import math
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial, wraps
from inspect import getsource
from typing import Any

from snakemake.dag import DAG
from snakemake.logging import logger
from snakemake.settings.types import RerunTrigger

from ichdag.jobs import StudyError
from ichdag.models import file_digest

NEEDED = {RerunTrigger.MTIME, RerunTrigger.PARAMS, RerunTrigger.INPUT}
CLOCK = 1e-3  # seconds within which two dates of a file are one
SHOWN = 3
MASKING = "masked.update(self.bfs(self.depending, job))"


def mend_plans(forced: Callable[[set[str]], Iterable[str]]) -> None:
    """Mend the plans of this process; those rules of a plan that `forced` names run whatever the dates of files.

    Raises StudyError if this version of Snakemake plans in a way that is not known here.
    """
    original = DAG.update_needrun
    if not hasattr(original, "__wrapped__") and MASKING not in getsource(original):
        raise StudyError("This version of Snakemake plans in a way that is not known here: install 9.27.1.")
    original = getattr(original, "__wrapped__", original)

    @wraps(original)
    async def update_needrun(dag: DAG, *args: Any, **more: Any) -> None:
        refuse_to_look_at_less(dag)
        dag.forcerules.update(map(dag.workflow.get_rule, forced({job.rule.name for job in dag.jobs})))
        dag.bfs = partial(follow_plain_edges, set())
        try:
            await original(dag, *args, **more)
            while overlooked := overlooked_results(dag) - set(dag.forcefiles):
                dag.forcefiles.update(overlooked)
                await original(dag, *args, **more)
        finally:
            del dag.bfs

    DAG.update_needrun = update_needrun


def refuse_to_look_at_less(dag: DAG) -> None:
    """Raise StudyError if a run is told not to look at settings, inputs or dates: old results would be left.

    A dry run may.
    """
    if dag.workflow.dryrun:
        return
    ways = {"--touch": dag.workflow.touch, "--consider-ancient": dag.workflow.workflow_settings.consider_ancient}
    for way in (way for way, is_asked in ways.items() if is_asked):
        raise StudyError(f"With {way}, changes would go unnoticed and old results be left: run without it.")
    if not set(dag.workflow.dag_settings.rerun_triggers) >= NEEDED:
        names = " ".join(sorted(trigger.name.lower() for trigger in NEEDED))
        raise StudyError(
            f"With these --rerun-triggers, changes would go unnoticed and old results be left: they need {names}."
        )


def overlooked_results(dag: DAG) -> set[str]:
    """The results of a plan that Snakemake would leave as they are, though nobody knows that they are right.

    A missing result counts if a job follows that runs: it may read it without naming it (a store that holds links).
    """
    waiting = [job for job in dag.jobs if not (dag.needrun(job) or dag.finished(job))]
    read = set(follow_plain_edges(set(), dag.dependencies, *dag.needrun_jobs()))
    content = cache(file_digest)
    unsure = {job for job in waiting if dag.reason(job).no_metadata or is_unsure(dag, job, content)}
    altered = {job for job in waiting if any(is_altered(dag, file) for file in job.output)}
    missing = {job for job in waiting if job in read and not all(map(os.path.exists, job.output))}
    if altered:
        names = sorted(file for job in altered for file in job.output if is_altered(dag, file))
        shown = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
        logger.warning(f"Changed since they were made, and made anew: {shown}. Copy a study with its dates (cp -a).")
    return {file for job in unsure | altered | missing for file in job.output}


def is_altered(dag: DAG, file: str) -> bool:
    """Whether a result has another date than when it was made. Archives may keep whole seconds of a date."""
    record = dag.workflow.persistence.metadata(file)
    if record is None or record.endtime is None or not os.path.isfile(file):
        return False
    date = os.stat(file).st_mtime
    return abs(date - record.endtime) > CLOCK and date != math.floor(record.endtime)


def is_unsure(dag: DAG, job: Any, content: Callable[[str], str]) -> bool:
    """Whether the ledger has other files than those that a job's results were made with, though they may be older."""
    files = [file for file in job.input if file.startswith("ledger/") and os.path.isfile(file)]
    known = {file: dag.workflow.persistence.input_checksums(job, file) - {None} for file in files}
    return any(sums and sums != {f"sha256:{content(file)}"} for file, sums in known.items())


def follow_plain_edges(seen: set, direction: dict, *jobs: Any) -> Iterator[Any]:
    """Yield what follows from jobs by edges that are not ancient; what is in `seen` is not told again."""
    queue = deque(jobs)
    while queue:
        job = queue.popleft()
        yield job
        for other, files in direction[job].items():
            if other not in seen and not all(file.is_ancient for file in files):
                seen.add(other)
                queue.append(other)
