"""Compare the feature sets over the classifiers."""

from ichdag.jobs import start
from ichdag.statistics import Settings, compare_feature_sets
from ichdag.tables import read_table, write_table

start(snakemake)
settings = Settings(**snakemake.params.settings)
metrics = read_table(snakemake.input.metrics, "metrics")
table = compare_feature_sets(metrics, settings=settings)
write_table(table, snakemake.output.friedman, "friedman")
