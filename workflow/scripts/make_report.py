"""Tell the whole study in one page."""

from ichdag.bundled_files import bundled_path
from ichdag.jobs import files_under, start_job_log, write_text
from ichdag.models import read_card
from ichdag.records import read_record
from ichdag.report.page import REPORT_SCHEMAS, read_captions, read_figures, render
from ichdag.tables import read_table

start_job_log(snakemake)
captions = read_captions({name: bundled_path(path) for name, path in snakemake.params.captions.items()})
page = render(
    {name: read_table(path, REPORT_SCHEMAS[name]) for name, path in files_under(snakemake.input, "table/").items()},
    figures=read_figures(files_under(snakemake.input, "figure/"), captions=captions),
    captions=captions,
    cards={name: read_card(snakemake.input[name]).versions for name in snakemake.params.cards},
    config=snakemake.params.settings,
    radiomics=read_record(snakemake.input.radiomics),
    cleanup=read_record(snakemake.input.cleanup),
    training_warnings=tuple(read_card(snakemake.input.vaegan).scores.get("complaints", [])),
)
write_text(page, snakemake.output.report)
