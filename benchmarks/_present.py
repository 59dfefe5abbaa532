"""Snakemake that runs no job: each output is made as an empty file and remembered as if its job had made it.

For the planning of a study in which everything is there, at sizes that cannot be computed for a benchmark.
"""

import json
import os
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

from snakemake.cli import main
from snakemake.scheduling.job_scheduler import JobScheduler

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from ichdag.models import METADATA_KEY  # noqa: E402


def pretend(scheduler: JobScheduler) -> bool:
    """Make the outputs of all jobs, each newer than those before it, with the metadata of a finished run."""
    dag = scheduler.workflow.dag
    began = time.time()
    for number, jobs in enumerate(dag.toposorted()):
        for job in jobs:
            for path in job.output:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                Path(path).touch()
            if job.rule.name in ("draw_folds", "lock_training_list"):
                write_ledger(job, scheduler.workflow.globals["subjects_of"]("development"))
            elif job.rule.name in ("train_network", "train_vaegan", "choose_cleanup"):
                write_identity(job, scheduler.workflow.globals)
            elif job.rule.name == "freeze_model":
                write_card(job)
            for path in job.output:
                os.utime(path, (began + number / 1000, began + number / 1000))
            scheduler.workflow.async_run(dag.workflow.persistence.finished(job))
    return True


def write_ledger(job: Any, development: list[str]) -> None:
    """Write the folds, or a training list of all development participants, with its seal: a plan looks at them."""
    if job.rule.name == "draw_folds":
        count, repeats = job.params.fold_count, job.params.repeats
        rows = [f"{fold % count}\tnone\t{fold}" for fold in range(count * repeats)]
        Path(job.output.folds).write_text("\n".join(["subject\toutcome\tfold", *rows, ""]), encoding="utf-8")
        table = Path(job.output.ledger)
        table.write_bytes(Path(job.output.folds).read_bytes())
    else:
        table = Path(job.output.training)
        count, retrain = job.params.fold_count, job.params.retrain
        rows = [f"{subject}\t{number % count}\t{retrain}" for number, subject in enumerate(development)]
        table.write_text("\n".join(["subject\tfold\tretrain", *rows, ""]), encoding="utf-8")
    Path(job.output.seal).write_text(f"{sha256(table.read_bytes()).hexdigest()}  {table.name}\n", encoding="utf-8")


def write_identity(job: Any, names: dict[str, Any]) -> None:
    """Write weights of one number, or a clean-up, with the identity that the plan asks for."""
    known = {
        "networks": names["NETWORKS"],
        "patches": names["PATCHES"],
        "roles": {},
        "code": names["definitions_digest"],
    }
    identities = names["LedgerStatus"](names["config"], **known).identities
    if job.rule.name == "choose_cleanup":
        record = {"identity": identities["cleanup"]}
        Path(job.output[0]).write_text(json.dumps(record), encoding="utf-8")
        return
    told = {"identity": identities[job.wildcards[0]], "sha256": "", "beside": {}}
    tensor = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    header = json.dumps({"__metadata__": {METADATA_KEY: json.dumps(told)}, "x": tensor}).encode()
    Path(job.output.weights).write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    Path(job.output.card).write_text("{}", encoding="utf-8")


def write_card(job: Any) -> None:
    """Write the card of a frozen model of empty files: a plan refuses a model that is not what its card says."""
    from ichdag.models import ModelCard
    from ichdag.prediction.frozen import model_files, write_frozen_card
    from ichdag.prediction.parts import read_part

    folder, outcomes = Path(job.output.card).parent, job.params.outcomes
    files = model_files(job.params.prediction["features"], outcomes=outcomes)
    card = ModelCard("frozen", job.params.prediction, [], {"outcomes": outcomes})
    write_frozen_card(card, folder, parts={part: read_part(folder / file) for part, file in files.items()})


if __name__ == "__main__":
    JobScheduler.schedule = pretend
    sys.exit(main())
