"""List the grids of one role."""

from ichdag.cohort.schemas import SCANS
from ichdag.jobs import files_under, start_job_log
from ichdag.preprocessing.schemas import GRIDS
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
scans = read_table(snakemake.input.scans, SCANS)
scans["path"] = scans["subject"].map(files_under(snakemake.input, "grids/"))
scans["manual"] = scans["manual_volume_ml"].isna().map({True: "no", False: "yes"})
included = scans[scans["status"] == "included"]
write_table(included[GRIDS.column_names], snakemake.output.grids, GRIDS)
