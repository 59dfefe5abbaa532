"""Check what must hold in every study, and log it too: the log stays where a later job fails."""

import pandas as pd

from ichdag import checks
from ichdag.jobs import files_under, start_job_log
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
given, params = snakemake.input, snakemake.params
kinds = ("participants", "folds", "predictions", "training", "features")
participants, folds, predictions, training, features = (read_table(given[kind], checks.SCHEMAS[kind]) for kind in kinds)
volumes = pd.concat([read_table(path, checks.SCHEMAS["volumes"]) for path in given.volumes], ignore_index=True)
cards = checks.read_cards(files_under(given, "card/"))
data = {key: read_table(path, checks.SCHEMAS["trained_on"]) for key, path in files_under(given, "trained_on/").items()}
tables = {"participants": participants, "folds": folds, "predictions": predictions}
persons = checks.identify_persons(participants, features=features)
fitted = checks.audit(person_of=persons, folds=folds, training=training, predictions=predictions, cards=cards)
findings = [
    *checks.leakage(**tables, training=training, cards=cards, count=params.folds),
    *checks.check_separation(fitted, person_of=persons, participants=participants, folds=folds, count=params.folds),
    *checks.completeness(**tables, outcomes=list(params.outcomes), count=params.folds),
    *checks.stratification(participants=participants, folds=folds, outcomes=params.outcomes, count=params.folds),
    checks.reductions(cards=cards),
    *checks.plausibility(volumes=volumes, settings=checks.ChecksSettings(**params.settings)),
    *checks.check_training_data(trained_on=data, grids=read_table(given.grids, checks.SCHEMAS["grids"])),
    *checks.compare_with_oracle(metrics=read_table(given.metrics, checks.SCHEMAS["metrics"])),
]
write_table(fitted, snakemake.output.audit, checks.AUDIT)
write_table(checks.tabulate(findings), snakemake.output.checks, checks.CHECKS)
