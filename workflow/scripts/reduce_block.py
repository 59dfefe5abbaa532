"""Fit the reduction of one block on the training part of one fold; reduce every development participant with it."""

from ichdag.cohort.schemas import FOLDS, PARTICIPANTS
from ichdag.features import Settings, describe, fit_reduction, reduce_block
from ichdag.features.blocks import blank_columns, read_block
from ichdag.features.schemas import REDUCED
from ichdag.features.subjects import included, training_subjects
from ichdag.jobs import start
from ichdag.models import read_card, write_card
from ichdag.pipelines import write_pipeline
from ichdag.radiomics.schemas import REPEATABILITY
from ichdag.tables import read_table, write_table

start(snakemake)
wildcards, params = snakemake.wildcards, snakemake.params
cohort, folds = read_table(snakemake.input.cohort, PARTICIPANTS), read_table(snakemake.input.folds, FOLDS)
settings = Settings(**params.settings)
training = training_subjects(cohort, folds=folds, outcome=wildcards.outcome, fold=wildcards.fold)
others = sorted(set(included(cohort)) - set(training))
block = read_block(snakemake.input.values, name=wildcards.block, subjects=training + others)
if snakemake.input.get("unstable"):
    judged = read_table(snakemake.input.unstable, REPEATABILITY)
    block = blank_columns(block, names=judged.feature[judged.stable == "no"].tolist())
reducer = fit_reduction(block, training=len(training), settings=settings, seed=params.seed)
name = f"{wildcards.outcome} {wildcards.fold} {wildcards.block}"
card = describe(reducer, block=block, training=len(training), name=name, settings=settings, seed=params.seed)
write_pipeline(reducer, snakemake.output.pipeline)
write_card(card, snakemake.output.card)
reduced = reduce_block(block, reducer=reducer, limits=read_card(snakemake.output.card).limits)
write_table(reduced, snakemake.output.reduced, REDUCED)
