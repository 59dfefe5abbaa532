"""Write the page of each participant of a batch."""

from pathlib import Path

from ichdag.cohort.assembly import summarize
from ichdag.jobs import files_under, start_job_log, write_text
from ichdag.latent.exclusion import latent_status
from ichdag.records import read_record_of
from ichdag.report.participant import read_images, render_participant

start_job_log(snakemake)
params = snakemake.params
latents = {row["subject"]: row for row in latent_status([snakemake.input.latents]).to_dict("records")}
settings = {"outcomes": params.outcomes, "source": params.source}
for subject, row in params.rows.items():
    files = files_under(snakemake.input, f"{subject}/")
    scans, volume, feature = (read_record_of(subject, files.pop(name)) for name in ("scans", "volume", "feature"))
    images = read_images(files, scans=scans, volume=volume)
    found = {"scans": scans, "volume": volume, "feature": feature, "latent": latents.get(subject)}
    summary = summarize(row, **found, **settings)
    told = {"record": scans, "summary": summary, "images": images, "outcomes": list(params.outcomes)}
    page = render_participant(subject, row=row, **told)
    write_text(page, Path(snakemake.output.pages, f"sub-{subject}.html"))
