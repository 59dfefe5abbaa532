"""Check what must hold in every study, and log it too: the log stays where a later job fails."""

from pathlib import Path

import pandas as pd

from ichdag.checks import Settings, completeness, leakage, plausibility, tabulate, truth
from ichdag.jobs import start
from ichdag.models import read_card
from ichdag.tables import read_table, write_table

logger = start(snakemake)
given, outcomes = snakemake.input, list(snakemake.params.outcomes)
participants, folds = read_table(given.participants, "participants"), read_table(given.folds, "folds")
predictions, training = read_table(given.predictions, "predictions"), read_table(given.training, "training")
volumes = pd.concat([read_table(path, "volumes") for path in given.volumes], ignore_index=True)
cards = {f"{Path(path).parts[-4]}/{Path(path).parts[-2]}": read_card(path) for path in given.cards}
people = {"participants": participants, "folds": folds, "predictions": predictions}
findings = [
    *leakage(**people, training=training, cards=cards),
    *completeness(**people, outcomes=outcomes),
    *plausibility(volumes=volumes, settings=Settings(**snakemake.params.settings)),
    *truth(metrics=read_table(given.metrics, "metrics")),
]
for finding in findings:
    logger.info("%s: %s (%s)", finding.status, finding.check, finding.found)
write_table(tabulate(findings), snakemake.output.checks, "checks")
