"""Snakemake's plan, mended: a job is asked for reasons of its own also where it follows from others by ancient edges.

Snakemake 9 asks no job that follows from one that runs, for that one will run too. By an ancient edge it will not, and
its changed settings, inputs or missing results go unnoticed, with exit status 0 (docs/running.md has an example of
twenty lines). Nor does it run a job whose result is there while the record of what it was made with is not. Mended is
which jobs it takes for granted, nothing else.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial, wraps
from inspect import getsource
from typing import Any

from snakemake.dag import DAG
from snakemake.settings.types import RerunTrigger

from ichdag.jobs import StudyError

NEEDED = {RerunTrigger.MTIME, RerunTrigger.PARAMS, RerunTrigger.INPUT}
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
            forgotten = results_without_record(dag)
            if forgotten:
                dag.forcefiles.update(forgotten)
                await original(dag, *args, **more)
        finally:
            del dag.bfs

    DAG.update_needrun = update_needrun


def refuse_to_look_at_less(dag: DAG) -> None:
    """Raise StudyError if a run is told not to look at settings, inputs or dates: old results would be left.

    A dry run may, and whoever says which rules are allowed knows that others are not.
    """
    told = dag.workflow.dag_settings
    if not (dag.workflow.dryrun or told.allowed_rules) and not set(told.rerun_triggers) >= NEEDED:
        names = " ".join(sorted(trigger.name.lower() for trigger in NEEDED))
        raise StudyError(
            f"With these --rerun-triggers, changes would go unnoticed and old results be left: they need {names}."
        )


def results_without_record(dag: DAG) -> set[str]:
    """The results of a plan of which Snakemake has no record (lost, cleaned up, or never kept): they are made anew.

    It cannot know what they were made with, so that a changed setting would go unnoticed.
    """
    return {file for job in dag.jobs if dag.reason(job).no_metadata and not dag.needrun(job) for file in job.output}


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
