"""Estimate which radiomic features are repeatable, on the training participants of one fold."""

from ichdag.cohort.schemas import FOLDS, PARTICIPANTS
from ichdag.features.subjects import training_subjects
from ichdag.jobs import files_under, start_job_log
from ichdag.radiomics.repeatability import estimate_repeatability
from ichdag.radiomics.schemas import REPEATABILITY
from ichdag.records import read_records
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
cohort = read_table(snakemake.input.cohort, PARTICIPANTS)
folds = read_table(snakemake.input.folds, FOLDS)
training = training_subjects(cohort, folds=folds, outcome=snakemake.wildcards.outcome, fold=snakemake.wildcards.fold)
records = read_records(files_under(snakemake.input, "sub-"))
repeats = {item["subject"]: item["repeats"] for item in records if item["subject"] in training and item["repeats"]}
table = estimate_repeatability(repeats, min_icc=snakemake.params.min_icc)
write_table(table, snakemake.output.table, REPEATABILITY)
