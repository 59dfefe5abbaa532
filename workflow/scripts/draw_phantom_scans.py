"""Draw the scans and masks of one synthetic participant."""

from ichdag.jobs import start_job_log
from ichdag.phantom.scanner import Scanner, write_scans
from ichdag.phantom.truth import draw_truth

start_job_log(snakemake)
subject, seed = snakemake.wildcards.subject, snakemake.params.seed
truth = draw_truth(subject, **snakemake.params.people, seed=seed, outcomes={})
write_scans(truth, dict(snakemake.output.items()), scanner=Scanner(**snakemake.params.scanner))
