"""Predict the external participants from volume and clinical covariates; add the known truth where there is one."""

import pandas as pd

from ichdag.classification.classifiers import LOGISTIC
from ichdag.classification.designs import comparator_designs
from ichdag.classification.people import external_people, oracle_rows
from ichdag.classification.schemas import PREDICTIONS
from ichdag.classification.validation import predict
from ichdag.cohort.schemas import PARTICIPANTS
from ichdag.jobs import start
from ichdag.models import read_card
from ichdag.pipelines import read_pipeline
from ichdag.tables import read_table, write_table

start(snakemake)
outcome = snakemake.wildcards.outcome
cohort = read_table(snakemake.input.cohort, PARTICIPANTS)
people = external_people(cohort, outcome=outcome)
designs = comparator_designs(cohort, columns=read_card(snakemake.input.card).limits["columns"].get("clinical", []))
found = [read_table(snakemake.input.predictions, PREDICTIONS), *oracle_rows(people, cohort=cohort, outcome=outcome)]
for features, model in read_pipeline(snakemake.input.models).items():
    names = {"outcome": outcome, "features": features, "classifier": LOGISTIC}
    found.append(predict(model, design=designs[features], people=people, **names))
write_table(pd.concat(found), snakemake.output.predictions, PREDICTIONS)
