"""Draw the share of SHAP importance of each feature block (Figure 5)."""

from ichdag.explanation.schemas import SHAP
from ichdag.figures.explanation import draw_shap
from ichdag.figures.style import write_figure
from ichdag.jobs import start_job_log
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
table = read_table(snakemake.input.shap, SHAP)
write_table(table, snakemake.output.table, SHAP)
dpi = snakemake.params.dpi
write_figure(draw_shap, table, svg=snakemake.output.svg, png=snakemake.output.png, dpi=dpi)
