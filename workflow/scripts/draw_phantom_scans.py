"""Draw the scans and masks of one synthetic participant."""

from ichdag.jobs import start_job_log
from ichdag.phantom.scanner import ScannerSettings, write_scans
from ichdag.phantom.truth import draw_truth

start_job_log(snakemake)
truth = draw_truth(snakemake.wildcards.subject, **snakemake.params.people, outcomes={})
write_scans(truth, dict(snakemake.output.items()), scanner=ScannerSettings(**snakemake.params.scanner))
