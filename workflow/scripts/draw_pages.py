"""Write the page of each participant of a batch."""

from pathlib import Path

from ichdag.cohort.assembly import summarize
from ichdag.images import is_absent, read_mask, read_scan
from ichdag.jobs import files_of, start, write_text
from ichdag.records import read_record_of
from ichdag.report.participant import render_participant

start(snakemake)
params = snakemake.params
settings = {"outcomes": params.outcomes, "source": params.source}
for subject, row in params.rows.items():
    files = files_of(snakemake.input, f"{subject}/")
    scans, volume, feature = (read_record_of(subject, files.pop(name)) for name in ("scans", "volume", "feature"))
    readers = {name: read_scan if name.endswith("_ct") else read_mask for name in files}
    images = {name: readers[name](path) for name, path in files.items() if not is_absent(path)}
    summary = summarize(row, scans=scans, volume=volume, feature=feature, **settings)
    told = {"record": scans, "summary": summary, "images": images, "outcomes": list(params.outcomes)}
    page = render_participant(subject, row=row, **told)
    write_text(page, Path(snakemake.output.pages, f"sub-{subject}.html"))
