"""Judge which radiomic features repeat themselves, on the participants that a fit of one fold may see."""

from ichdag.cohort.schemas import FOLDS, PARTICIPANTS
from ichdag.features.subjects import training_subjects
from ichdag.jobs import files_under, start_job_log
from ichdag.radiomics.repeatability import judge_repeats
from ichdag.radiomics.schemas import REPEATABILITY
from ichdag.records import read_records
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
cohort, folds = read_table(snakemake.input.cohort, PARTICIPANTS), read_table(snakemake.input.folds, FOLDS)
seen = training_subjects(cohort, folds=folds, outcome=snakemake.wildcards.outcome, fold=snakemake.wildcards.fold)
records = read_records(files_under(snakemake.input, "sub-"))
repeats = {item["subject"]: item["repeats"] for item in records if item["subject"] in seen and item["repeats"]}
table = judge_repeats(repeats, smallest_icc=snakemake.params.smallest_icc)
write_table(table, snakemake.output.table, REPEATABILITY)
