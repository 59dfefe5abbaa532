"""The page holds every section, loads nothing from elsewhere, and shows what is in a table as text."""

import re
from html.parser import HTMLParser

import pytest

from ichdag.jobs import write_text
from ichdag.report import main_result, report_tables
from ichdag.report.page import read_figures

SECTIONS = (
    "summary participants segmentation features prediction comparisons calibration decision explanation checks methods"
)


class Page(HTMLParser):
    """Collects the anchors, the addresses that a browser would load, the scripts, and whether every tag is closed."""

    VOID = {"meta", "img", "link", "br", "input"}

    def __init__(self):
        super().__init__()
        self.anchors, self.loaded, self.open, self.images, self.tags = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append(tag)
        self.anchors += [attributes["id"]] if "id" in attributes else []
        self.loaded += [value for name, value in attrs if name in ("src", "href", "action", "data", "srcset", "poster")]
        self.images += [attributes] if tag == "img" else []
        self.open += [] if tag in self.VOID else [tag]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def text(page_of, made_up):
    return page_of(made_up.study())


@pytest.fixture(scope="module")
def page(text):
    parsed = Page()
    parsed.feed(text)
    return parsed


def test_every_section_and_numbered_table_is_there(page, text):
    assert {*SECTIONS.split(), "limits", "settings"} <= set(page.anchors)
    for title in ("Table 1.", "Figure 3.", "Table S2.", "Table S3.", "Table S4.", "Table S5."):
        assert title in text


def test_every_tag_is_closed_and_every_anchor_is_unique(page):
    assert page.open == []
    assert len(page.anchors) == len(set(page.anchors))


def test_nothing_is_loaded_from_elsewhere(page, text):
    pages = ["participants.html", "provenance.html"]  # beside it, for whoever follows the link
    assert page.loaded and all(one.startswith(("#", "data:")) or one in pages for one in page.loaded)
    assert "link" not in page.tags and "@import" not in text and not re.search(r"url\(", text)
    links = {address for address in page.loaded if address.startswith("#")}
    assert {link[1:] for link in links} <= set(page.anchors)


def test_a_nasty_cohort_name_is_shown_as_text(page, text, made_up):
    assert "<script>alert" not in text
    assert "Site &lt;script&gt;alert(1)&lt;/script&gt; &amp; Co" in text
    assert page.tags.count("script") == 1


def test_every_picture_has_a_text_for_those_who_cannot_see_it(page):
    assert page.images and all(len(image["alt"]) > 20 for image in page.images)


def test_the_main_result_names_the_best_model_with_its_numbers(text):
    summary = text.split('id="summary"')[1].split("</section>")[0]
    assert "VAE-GAN latents with SVM" in summary
    assert "0.80 (0.70–0.90) in cross-validation" in summary
    assert (
        "0.72 (0.58–0.86) corrected for the choice of the best of 42 models and 0.67 (0.57–0.77) on external" in summary
    )
    assert ">corrected for the choice</th>" in summary
    assert "difference 0.03 (−0.02 to 0.08), DeLong p &lt; 0.001" in summary
    assert "12 of 40 with the outcome" in summary


def test_a_failed_check_is_told_at_the_top(text):
    assert "1 check failed" in text.split('id="summary"')[0]
    assert text.count('class="failed"') == 2


def test_a_study_without_known_truth_has_no_oracle(page_of, made_up):
    without = page_of(made_up.study(oracle=False))
    assert "Oracle" not in without.split('id="prediction"')[0]
    assert "synthetic study" not in without


def test_a_study_with_known_truth_says_that_it_is_synthetic(text):
    assert "this is a synthetic study" in text


def test_empty_tables_are_said_to_be_empty(page_of, made_up):
    result = made_up.study()
    result["wilcoxon"] = result["wilcoxon"].iloc[:0]
    result["scores"] = result["scores"].iloc[:0]
    assert page_of(result).count("This table has no rows in this study.") == 2


def test_all_settings_and_versions_are_listed(text):
    for word in (
        "segmentation.training.epochs",
        "classification.classifiers.svm.kernel",
        "9.9.9",
        "outcomes.poor_outcome",
    ):
        assert word in text


def test_the_same_study_gives_the_same_page(page_of, made_up, text):
    assert page_of(made_up.study()) == text


def test_a_figure_is_carried_inside_the_page(tmp_path):
    (tmp_path / "one.svg").write_text("<svg> </svg>", encoding="utf-8")
    (tmp_path / "two.svg").write_text("<svg></svg>", encoding="utf-8")
    files = {"saliency_poor_outcome": str(tmp_path / "one.svg"), "auc": str(tmp_path / "two.svg")}
    plates = read_figures(files, captions={"saliency": "Where it looks."})
    assert plates == read_figures(dict(reversed(files.items())), captions={"saliency": "Where it looks."})
    plate = plates["saliency_poor_outcome"]
    assert plate.title == "Saliency: Poor outcome" and plate.caption == "Where it looks."
    assert plate.source == "data:image/svg+xml;base64,PHN2Zz4gPC9zdmc+" != plates["auc"].source


def test_the_page_is_written_whole(tmp_path):
    write_text("<p>é</p>", tmp_path / "deep" / "report.html")
    assert (tmp_path / "deep" / "report.html").read_text(encoding="utf-8") == "<p>é</p>"


def test_what_went_wrong_in_a_training_stands_among_the_limits(page_of, made_up):
    page = page_of(made_up.study(), complaints=("The latent space has collapsed.",))
    assert "VAE-GAN: The latent space has collapsed." in page
    assert "has collapsed" not in page_of(made_up.study())


def test_the_caption_of_a_figure_says_how_many_participants_it_shows(text):
    (caption,) = re.findall(r'id="figure-auc">.*?</figcaption>', text, re.S)
    assert re.search(r"Events: .* \d+ of \d+ \(", caption)


def test_an_outcome_that_no_external_participant_has_is_told_without_external_numbers(page_of, made_up):
    study = made_up.study()
    outcome = study["metrics"].outcome.iloc[0]
    for name in ("metrics", "delong", "sex", "friedman", "wilcoxon"):
        table = study[name]
        study[name] = table[(table.outcome != outcome) | (table["fold"] != "external")]
    assert "corrected for the choice of the best of 42 models; no external AUC" in page_of(study)


def test_a_study_without_external_participants_is_told_by_cross_validation(page_of, made_up):
    page = page_of(without_external(made_up.study()))
    assert "AUC, external" not in page and "alone, cross-validation" in page
    assert "on whom it was not fitted" not in page
    assert "There is no external cohort" in page
    for words in (
        "external test",
        "once on each external",
        "external ones",
        "external AUC was not used",
        "never trained",
    ):
        assert words not in page and words in page_of(made_up.study()), words
    assert "no external cohort to test the final models on" in page


def test_table_one_of_a_study_without_external_participants_has_no_columns_for_them(made_up):
    shown = report_tables.table1(without_external(made_up.study())["table1"], title="", caption="")
    assert shown.header == ["Characteristic", "Development", "Missing"]
    assert shown.rows[0] == ["Age", "61.0 (12.0)", "1"]
    assert len(report_tables.table1(made_up.study()["table1"], title="", caption="").header) == 7


def test_figures_of_external_participants_say_that_there_are_none(made_up):
    study, alone = made_up.study(), without_external(made_up.study())
    for name in ("reconstructions", "imagined", "saliency_poor_outcome"):
        assert "no external participants" in main_result.numbers(name, alone)
        assert "no external" not in main_result.numbers(name, study)
    assert "20 external participants explained" in main_result.numbers("shap", study)
    assert "20 development participants explained, out-of-fold" in main_result.numbers("shap", alone)


def without_external(study):
    """The tables of a study in which nobody has the role external."""
    result = {}
    for name, table in study.items():
        if "fold" in table and "outcome" in table:
            table = table[table["fold"] != "external"]
        result[name] = table[table["role"] != "external"] if "role" in table else table
    blank = dict.fromkeys(("cohort", "external", "test"), None) | dict.fromkeys(("p", "smd"), float("nan"))
    return result | {"table1": study["table1"].assign(**blank)}
