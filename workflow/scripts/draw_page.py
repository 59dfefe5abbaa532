"""Write the page of one participant."""

from ichdag.cohort.assembly import summarize
from ichdag.images import is_absent, read_mask, read_scan
from ichdag.jobs import start, write_text
from ichdag.records import read_record
from ichdag.report.participant import render_participant

start(snakemake)
params, files = snakemake.params, dict(snakemake.input.items())
scans, volume, feature = (read_record(files.pop(name)) for name in ("scans", "volume", "feature"))
readers = {name: read_scan if name.endswith("_ct") else read_mask for name in files}
images = {name: readers[name](path) for name, path in files.items() if not is_absent(path)}
settings = {"outcomes": params.outcomes, "source": params.source}
summary = summarize(params.row, scans=scans, volume=volume, feature=feature, **settings)
page = render_participant(
    snakemake.wildcards.subject,
    row=params.row,
    record=scans,
    summary=summary,
    images=images,
    outcomes=list(params.outcomes),
)
write_text(page, snakemake.output.page)
