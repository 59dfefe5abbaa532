"""Check what must hold in every study, and log it too: the log stays where a later job fails."""

import pandas as pd

from ichdag import checks
from ichdag.jobs import files_of, start
from ichdag.tables import read_table, write_table

logger = start(snakemake)
given, kinds = snakemake.input, ("participants", "folds", "predictions", "training", "features")
participants, folds, predictions, training, features = (read_table(given[kind], checks.READ[kind]) for kind in kinds)
volumes = pd.concat([read_table(path, checks.READ["volumes"]) for path in given.volumes], ignore_index=True)
cards = checks.read_cards(files_of(given, "card/"))
data = {name: read_table(path, checks.READ["trained_on"]) for name, path in files_of(given, "trained_on/").items()}
people, count = {"participants": participants, "folds": folds, "predictions": predictions}, snakemake.params.folds
persons = checks.persons_of(participants, features=features)
fitted = checks.audit(people=persons, folds=folds, training=training, predictions=predictions, cards=cards)
findings = [
    *checks.leakage(**people, training=training, cards=cards, count=count),
    *checks.sides(fitted, people=persons, participants=participants, folds=folds, count=count),
    *checks.completeness(**people, outcomes=list(snakemake.params.outcomes), count=count),
    *checks.stratification(participants=participants, folds=folds, outcomes=snakemake.params.outcomes, count=count),
    checks.reductions(cards=cards),
    *checks.plausibility(volumes=volumes, settings=checks.Settings(**snakemake.params.settings)),
    *checks.currency(trained_on=data, grids=read_table(given.grids, checks.READ["grids"])),
    *checks.truth(metrics=read_table(given.metrics, checks.READ["metrics"])),
]
logger.info("\n".join(f"{one.status}: {one.check} ({one.found})" for one in findings))
write_table(fitted, snakemake.output.audit, checks.AUDIT)
write_table(checks.tabulate(findings), snakemake.output.checks, checks.CHECKS)
