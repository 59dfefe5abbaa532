"""Draw the AUC of every model (Figure 3), the best beside their comparators, and the ranks of the feature sets."""

from ichdag.evaluation.schemas import METRICS
from ichdag.figures.auc import draw_auc, draw_oracle, select_auc, select_oracle
from ichdag.figures.ranks import draw_ranks, select_ranks
from ichdag.figures.schemas import RANKS
from ichdag.figures.style import write_figure
from ichdag.jobs import start_job_log
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
output, dpi = snakemake.output, snakemake.params.dpi
metrics = read_table(snakemake.input.metrics, METRICS)

auc = select_auc(metrics)
write_table(auc, output.auc_table, METRICS)
write_figure(draw_auc, auc, svg=output.auc_svg, png=output.auc_png, dpi=dpi)

oracle = select_oracle(metrics)
write_table(oracle, output.oracle_table, METRICS)
write_figure(draw_oracle, oracle, svg=output.oracle_svg, png=output.oracle_png, dpi=dpi)

ranks = select_ranks(metrics)
write_table(ranks, output.ranks_table, RANKS)
write_figure(draw_ranks, ranks, svg=output.ranks_svg, png=output.ranks_png, dpi=dpi)
