"""Snakemake that runs no job: each output is made as an empty file and remembered as if its job had made it.

For the planning of a study in which everything is there, at sizes that cannot be computed for a benchmark.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

from snakemake.cli import main
from snakemake.scheduling.job_scheduler import JobScheduler


def pretend(scheduler: JobScheduler) -> bool:
    """Make the outputs of all jobs, each newer than those before it, with the metadata of a finished run."""
    dag = scheduler.workflow.dag
    began = time.time()
    for number, jobs in enumerate(dag.toposorted()):
        for job in jobs:
            for path in job.output:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                Path(path).touch()
            if job.rule.name == "freeze_model":
                write_card(job)
            for path in job.output:
                os.utime(path, (began + number / 1000, began + number / 1000))
            scheduler.workflow.async_run(dag.workflow.persistence.finished(job))
    return True


def write_card(job: Any) -> None:
    """Write the card of a frozen model of empty files: a plan refuses a model that is not what its card says."""
    from ichdag.models import Card
    from ichdag.prediction.frozen import model_files, write_frozen_card
    from ichdag.prediction.parts import read_part

    folder, outcomes = Path(job.output.card).parent, job.params.outcomes
    files = model_files(job.params.prediction["features"], outcomes=outcomes)
    card = Card("frozen", job.params.prediction, [], {"outcomes": outcomes})
    write_frozen_card(card, folder, parts={part: read_part(folder / file) for part, file in files.items()})


if __name__ == "__main__":
    JobScheduler.schedule = pretend
    sys.exit(main())
