"""Every figure and table that Snakemake's report or ours shows has a caption."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RULES = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "rules").glob("*.smk")))

TABLES = re.findall(r'in_report\(\s*"[^"]*?([^/"]+)\.\w+",[^()]*?(?:caption="(\w+)")?,?\s*\)', RULES)
FIGURES = re.findall(r'figure_files\("([^"]+)",[^()]*?(?:caption="(\w+)")?\)', RULES)
SHOWN = TABLES + FIGURES


def test_every_output_that_the_report_shows_was_found():
    assert len(TABLES) == RULES.count("in_report(") > 20
    assert len(FIGURES) == RULES.count("figure_files(") > 10


@pytest.mark.parametrize("name", sorted({caption or stem for stem, caption in SHOWN}))
def test_a_caption_that_a_rule_names_is_there_and_is_plain_prose(name):
    words = (ROOT / "workflow/report" / f"{name}.rst").read_text(encoding="utf-8")
    assert len(words.split()) >= 5
    assert not re.search(r"[*`|]|\.\. ", words)


def test_a_caption_has_lines_of_120_at_most():
    for path in (ROOT / "workflow/report").glob("*.rst"):
        assert max(map(len, path.read_text(encoding="utf-8").splitlines())) <= 120, path.name
