"""Draw the participants of the synthetic study."""

import pandas as pd

from ichdag.jobs import atomic_write, start_job_log
from ichdag.phantom import PhantomSettings
from ichdag.phantom.participants_sheet import draw_cohort
from ichdag.records import write_record

start_job_log(snakemake)
settings = PhantomSettings(**snakemake.params.settings)
sheet, truth = draw_cohort(settings, seed=snakemake.params.seed, outcomes=snakemake.params.outcomes)
table = pd.DataFrame(sheet).convert_dtypes()
with atomic_write(snakemake.output.participants) as partial:
    table.to_csv(partial, sep="\t", index=False, na_rep="n/a", float_format="%.6g")
write_record(truth, snakemake.output.truth)
