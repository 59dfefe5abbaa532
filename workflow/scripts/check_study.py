"""Check what must hold in every study, and log it too: the log stays where a later job fails."""

import pandas as pd

from ichdag import checks
from ichdag.jobs import files_under, start_job_log
from ichdag.tables import read_table, write_table

logger = start_job_log(snakemake)
given, kinds = snakemake.input, ("participants", "folds", "predictions", "training", "features")
participants, folds, predictions, training, features = (read_table(given[kind], checks.SCHEMAS[kind]) for kind in kinds)
volumes = pd.concat([read_table(path, checks.SCHEMAS["volumes"]) for path in given.volumes], ignore_index=True)
cards = checks.read_cards(files_under(given, "card/"))
data = {key: read_table(path, checks.SCHEMAS["trained_on"]) for key, path in files_under(given, "trained_on/").items()}
tables, count = {"participants": participants, "folds": folds, "predictions": predictions}, snakemake.params.folds
persons = checks.persons_of(participants, features=features)
fitted = checks.audit(person_of=persons, folds=folds, training=training, predictions=predictions, cards=cards)
findings = [
    *checks.leakage(**tables, training=training, cards=cards, count=count),
    *checks.check_separation(fitted, person_of=persons, participants=participants, folds=folds, count=count),
    *checks.completeness(**tables, outcomes=list(snakemake.params.outcomes), count=count),
    *checks.stratification(participants=participants, folds=folds, outcomes=snakemake.params.outcomes, count=count),
    checks.reductions(cards=cards),
    *checks.plausibility(volumes=volumes, settings=checks.ChecksSettings(**snakemake.params.settings)),
    *checks.check_training_data(trained_on=data, grids=read_table(given.grids, checks.SCHEMAS["grids"])),
    *checks.compare_with_oracle(metrics=read_table(given.metrics, checks.SCHEMAS["metrics"])),
]
logger.info("\n".join(f"{one.status}: {one.check} ({one.found})" for one in findings))
write_table(fitted, snakemake.output.audit, checks.AUDIT)
write_table(checks.tabulate(findings), snakemake.output.checks, checks.CHECKS)
