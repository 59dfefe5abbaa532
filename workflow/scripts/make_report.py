"""Tell the whole study in one page."""

from pathlib import Path

from ichdag.jobs import start, write_text
from ichdag.models import read_card
from ichdag.records import read_record
from ichdag.report.page import read_captions, read_plates, render
from ichdag.shipped import shipped
from ichdag.tables import read_table

start(snakemake)
captions = read_captions(map(shipped, snakemake.params.captions))
page = render(
    {Path(path).stem: read_table(path, Path(path).stem) for path in snakemake.input.tables},
    plates=read_plates(snakemake.input.figures, captions=captions),
    captions=captions,
    cards={name: read_card(path).versions for name, path in snakemake.input.items() if name in snakemake.params.cards},
    config=snakemake.params.settings,
    radiomics=read_record(snakemake.input.radiomics),
    complaints=tuple(read_card(snakemake.input.vaegan).scores.get("complaints", [])),
)
write_text(page, snakemake.output.report)
