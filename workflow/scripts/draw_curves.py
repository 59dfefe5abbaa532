"""Draw the calibration (Figure 4) and the decision curves of the best model of each outcome."""

from ichdag.evaluation.schemas import CALIBRATION, DECISION, METRICS
from ichdag.figures.calibration import draw_calibration, select_calibration
from ichdag.figures.decision import draw_decision, select_decision
from ichdag.figures.style import write_figure
from ichdag.jobs import start_job_log
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
output, dpi = snakemake.output, snakemake.params.dpi
metrics = read_table(snakemake.input.metrics, METRICS)

calibration = select_calibration(read_table(snakemake.input.calibration, CALIBRATION), metrics=metrics)
write_table(calibration, output.calibration_table, CALIBRATION)
write_figure(draw_calibration, calibration, svg=output.calibration_svg, png=output.calibration_png, dpi=dpi)

decision = select_decision(read_table(snakemake.input.decision, DECISION), metrics=metrics)
write_table(decision, output.decision_table, DECISION)
write_figure(draw_decision, decision, svg=output.decision_svg, png=output.decision_png, dpi=dpi)
