"""Fit the reduction of one block on the training part of one fold; reduce every development participant with it."""

from ichdag.cohort.schemas import FOLDS, PARTICIPANTS
from ichdag.features import FeaturesSettings, describe_reduction, fit_reduction, limits_of, reduce_block
from ichdag.features.blocks import blank_columns, read_block
from ichdag.features.schemas import REDUCED
from ichdag.features.subjects import included, training_subjects
from ichdag.jobs import start_job_log
from ichdag.models import write_card
from ichdag.pipelines import write_pipeline
from ichdag.radiomics.schemas import REPEATABILITY
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
wildcards, params = snakemake.wildcards, snakemake.params
cohort = read_table(snakemake.input.cohort, PARTICIPANTS)
folds = read_table(snakemake.input.folds, FOLDS)
settings = FeaturesSettings(**params.settings)
training = training_subjects(cohort, folds=folds, outcome=wildcards.outcome, fold=wildcards.fold)
others = sorted(set(included(cohort)) - set(training))
block = read_block(snakemake.input.values, name=wildcards.block, subjects=training + others)
if snakemake.input.get("unstable"):
    judged = read_table(snakemake.input.unstable, REPEATABILITY)
    block = blank_columns(block, names=judged.feature[judged.stable == "no"].tolist())
reducer = fit_reduction(block, training=len(training), settings=settings, seed=params.seed)
reduced = reduce_block(block, reducer=reducer, limits=limits_of(block))
fit = {"name": " ".join(wildcards), "training": len(training), "settings": settings, "seed": params.seed}
write_pipeline(reducer, snakemake.output.pipeline)
write_card(describe_reduction(reducer, block=block, reduced=reduced, **fit), snakemake.output.card)
write_table(reduced, snakemake.output.reduced, REDUCED)
