"""Correct Snakemake's plan: a job's own reasons to run count also where it follows from others by ancient edges.

Snakemake 9 does not examine a job that follows from one that runs, for it will run too. By an ancient edge it will not,
and its changed settings, inputs or missing results go unnoticed, with exit status 0 (docs/running.md has an example of
twenty lines). Nor does it run a job whose result is there while the record of what it was made with is not, was altered
since it was made, or was made with other files of the ledger than those that are there now, if these are older; and it
makes a missing result only if a job that runs names it. What changes is which jobs it takes for granted, nothing else.
"""

import gc
import math
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache, partial, wraps
from inspect import getsource
from typing import Any

from snakemake.dag import DAG
from snakemake.persistence import ParamsChange
from snakemake.settings.types import RerunTrigger

from ichdag.jobs import StudyError
from ichdag.models import file_digest

NEEDED = {RerunTrigger.MTIME, RerunTrigger.PARAMS, RerunTrigger.INPUT}
CLOCK = 1e-3  # seconds within which two dates of a file are one
MASKING_LINE = "masked.update(self.bfs(self.depending, job))"


def patch_snakemake_plans(forced: Callable[[set[str]], Iterable[str]]) -> None:
    """Replace `DAG.update_needrun` in this process, for Snakemake has no setting that plans so.

    Those rules of a plan that `forced` names run whatever the dates of files.

    Raises StudyError if this version of Snakemake plans in a way that is not known here.
    """
    gc.set_threshold(1_000_000, 1000, 1000)  # a plan holds millions of objects that all live: a third of the time
    original = DAG.update_needrun
    if not hasattr(original, "__wrapped__") and MASKING_LINE not in getsource(original):
        raise StudyError("This version of Snakemake plans in a way that is not known here: install 9.27.1.")
    original = getattr(original, "__wrapped__", original)

    @wraps(original)
    async def update_needrun(dag: DAG, *args: Any, **more: Any) -> None:
        check_rerun_options(dag)
        dag.forcerules.update(map(dag.workflow.get_rule, forced({job.rule.name for job in dag.jobs})))
        dag.bfs = partial(follow_plain_edges, set())
        try:
            with doubts_as_changed_params(dag.workflow.persistence):
                await original(dag, *args, **more)
                while overlooked := overlooked_results(dag) - dag.forcefiles:
                    dag.forcefiles.update(overlooked)
                    await original(dag, *args, **more)
        finally:
            del dag.bfs

    DAG.update_needrun = update_needrun


def check_rerun_options(dag: DAG) -> None:
    """Raise StudyError if a run is told not to look at settings, inputs or dates: old results would be left.

    A dry run may, and so may a run of rules that are named (--allowed-rules): the next run finds the others due.
    """
    if dag.workflow.dryrun:
        return
    options = {"--touch": dag.workflow.touch, "--consider-ancient": dag.workflow.workflow_settings.consider_ancient}
    for option in (option for option, is_given in options.items() if is_given):
        raise StudyError(f"With {option}, changes would go unnoticed and old results be left: run without it.")
    settings = dag.workflow.dag_settings
    if not settings.allowed_rules and not set(settings.rerun_triggers) >= NEEDED:
        names = " ".join(sorted(trigger.name.lower() for trigger in NEEDED))
        raise StudyError(
            f"With these --rerun-triggers, changes would go unnoticed and old results be left: they need {names}."
        )


def overlooked_results(dag: DAG) -> set[str]:
    """Return the results of a plan that Snakemake would leave as they are, though nobody knows that they are right.

    Without a record of this version nobody knows what they were made with. A missing result counts if a job follows
    that runs: it may read it without naming it (a store that holds links).
    """
    waiting = [job for job in dag.jobs if not (dag.needrun(job) or dag.finished(job))]
    read = set(follow_plain_edges(set(), dag.dependencies, *dag.needrun_jobs()))
    unknown = {job for job in waiting if dag.reason(job).no_metadata or dag.reason(job).outdated_metadata}
    missing = {job for job in waiting if job in read and not all(map(os.path.exists, job.output))}
    return {str(file) for job in unknown | missing for file in job.output}


@contextmanager
def doubts_as_changed_params(persistence: Any) -> Iterator[None]:
    """Let Snakemake take what speaks against a result for changed params: then it reads the records that it holds."""
    original = persistence.params_changed
    digest = cache(file_digest)

    def params_changed(job: Any, file: Any = None) -> Any:
        changes = original(job, file=file)
        why = None if changes else doubt(persistence, job, digest)
        return Doubt({why}) if why else changes

    persistence.params_changed = params_changed
    try:
        yield
    finally:
        del persistence.params_changed


class Doubt(ParamsChange):
    """What speaks against a result, in the words of a plan."""

    def __str__(self) -> str:
        return ", ".join(self.only_old)


def doubt(persistence: Any, job: Any, digest: Callable[[str], str]) -> str | None:
    """Say what speaks against the results of a job though none of its settings changed; None if nothing does."""
    for file in job.output:
        if is_altered(file, persistence.metadata(file)):
            return f"{file} was changed after it was made"
    for file in (file for file in job.input if file.startswith("ledger/") and os.path.isfile(file)):
        known = persistence.input_checksums(job, file) - {None}
        if known and known != {f"sha256:{digest(file)}"}:
            return f"{file} is another than it was made with"
    return None


def is_altered(file: str, record: Any) -> bool:
    """Tell whether a result has another date than when it was made. Archives may keep whole seconds of a date."""
    if record is None or record.endtime is None or not os.path.isfile(file):
        return False
    date = os.stat(file).st_mtime
    return abs(date - record.endtime) > CLOCK and date != math.floor(record.endtime)


def follow_plain_edges(seen: set, direction: dict, *jobs: Any) -> Iterator[Any]:
    """Yield what follows from jobs by edges that are not ancient; what is in `seen` is not yielded again."""
    queue = deque(jobs)
    while queue:
        job = queue.popleft()
        yield job
        for other, files in direction[job].items():
            if other not in seen and not all(file.is_ancient for file in files):
                seen.add(other)
                queue.append(other)
