"""The page of a participant shows scans with outlines, every check, volumes, and where the participant went."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from ichdag.file_errors import DamagedResult
from ichdag.images import Volume, write_absent, write_image
from ichdag.report.participant import list_rows, read_images, render_list, render_participant
from ichdag.report.slices import MANUAL, PREDICTED, mid_slices

CHECK = {"check": "noise_hu", "value": 21.04, "low": 0.1, "high": 15, "unit": "HU", "verdict": "warned",
         "meaning": "noise in the brain"}  # fmt: skip


@pytest.fixture
def scan():
    """A block of brain in air with a bright lesion to the right and anterior: (scan, mask), 1 x 1 x 4 mm, RAS."""
    values = np.full((60, 80, 20), -1000.0, dtype=np.float32)
    values[10:50, 10:70, 2:18] = 30
    mask = np.zeros(values.shape, dtype=bool)
    mask[36:46, 50:62, 11:15] = True
    values[mask] = 75
    affine = np.diag([1.0, 1.0, 4.0, 1.0])
    return Volume(values, affine), Volume(mask, affine)


def decoded(source):
    data = base64.b64decode(source.removeprefix("data:image/jpeg;base64,"))
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def test_slices_go_through_the_lesion_upright_with_square_pixels(scan):
    pictures = {one["name"]: one for one in mid_slices(scan[0], manual=None, predicted=scan[1])}
    assert list(pictures) == ["axial", "coronal", "sagittal", "coverage"]
    axial, coronal = decoded(pictures["axial"]["source"]), decoded(pictures["coronal"]["source"])
    assert axial.shape[0] / axial.shape[1] == pytest.approx(80 / 60, rel=0.03)
    assert coronal.shape[0] / coronal.shape[1] == pytest.approx(80 / 60, rel=0.03)
    bright = np.argwhere(axial.min(axis=2) > 200).mean(axis=0) / axial.shape[:2]
    assert bright[0] < 0.5 and bright[1] < 0.5, "anterior at the top, the patient's right on the viewer's left"
    assert "slice 12," in pictures["axial"]["words"]


def test_both_outlines_are_drawn_in_their_colors(scan):
    shifted = Volume(np.roll(scan[1].values, 6, axis=0), scan[1].affine)
    pixels = decoded(mid_slices(scan[0], manual=scan[1], predicted=shifted)[0]["source"])
    for color in (MANUAL, PREDICTED):
        assert (np.abs(pixels - color).max(axis=2) < 60).sum() > 10, color


@pytest.fixture
def files(scan, tmp_path):
    """The images of a participant with a manual and a predicted mask of the baseline alone, by timepoint and kind."""
    images = {"baseline_ct": scan[0], "followup_ct": scan[0], "baseline_manual": scan[1], "baseline_predicted": scan[1]}
    names = [f"{time}_{kind}" for time in ("baseline", "followup") for kind in ("ct", "manual", "predicted")]
    for name in names:
        path = tmp_path / f"{name}.nii.gz"
        write_image(images[name], path) if name in images else write_absent(path)
    return {name: str(tmp_path / f"{name}.nii.gz") for name in names}


SCANS = {"baseline": {"absent": {}}, "followup": {"absent": {"mask": "none in the sheet"}}}
MASKS = {"absent": {"followup": "no usable followup scan"}}


def test_the_images_are_those_that_the_records_tell_of(files, scan):
    images = read_images(files, scans=SCANS, volume=MASKS)
    assert set(images) == {"baseline_ct", "followup_ct", "baseline_manual", "baseline_predicted"}
    assert np.array_equal(images["baseline_predicted"].values, scan[1].values)
    assert images["followup_ct"].values.dtype == np.float32


@pytest.mark.parametrize(
    ("scans", "masks", "name"),
    [
        (SCANS | {"followup": {"absent": {}}}, MASKS, "followup_manual"),
        (SCANS | {"baseline": {"absent": {"ct": "no scan in the sheet"}}}, MASKS, "baseline_ct"),
        (SCANS, {"absent": {}}, "followup_predicted"),
        (SCANS, {"absent": {"baseline": "x", "followup": "x"}}, "baseline_predicted"),
    ],
)
def test_an_image_that_contradicts_its_record_is_named(files, scans, masks, name):
    with pytest.raises(DamagedResult, match=rf"{name}\.nii\.gz cannot be read.*where its record says that there is"):
        read_images(files, scans=scans, volume=masks)


@pytest.fixture
def page(scan):
    """Render a page; what is told of the participant can be changed."""

    def render(reason=None, cohort="trial"):
        status = "excluded" if reason else "included"
        record = {"status": status, "reason": reason, "warnings": ["too noisy: 21 HU"], "spacing_mm": "1 x 1 x 4"}
        record |= {"facts": {"padding_hu": -2000.0}, "kind": "dicom", "checks": [CHECK]}
        record["series"] = [{"number": 2, "slices": 20, "chosen": True, "reason": None}]
        none = record | {"status": "excluded", "reason": "no scan in the sheet", "checks": [], "warnings": [],
                         "facts": {}, "kind": None, "spacing_mm": None, "series": []}  # fmt: skip
        summary = {"status": status, "stage": "cohort" if reason else None, "reason": reason, "poor_outcome": 1}
        summary |= {"baseline_volume_ml": 12.34, "followup_volume_ml": None, "expansion_ml": None}
        return render_participant(
            "S1",
            row={"cohort": cohort, "role": "development"},
            record={"baseline": record, "followup": none},
            summary=summary | {"volume_source": "manual", "expansion_3ml": None},
            images={"baseline_ct": scan[0], "baseline_manual": scan[1]},
            outcomes=["poor_outcome", "expansion_3ml"],
        )

    return render


def test_a_page_tells_volumes_outcomes_checks_and_what_was_mended(page):
    text = page()
    for words in ("12.3 mL", "not known", "noise_hu", "21 HU", "0.1 to 15 HU", "warned", "too noisy: 21 HU",
                  "padding set to air (HU): -2000.0", "no scan in the sheet", "1 DICOM series found"):  # fmt: skip
        assert words in text, words
    assert len(re.findall("<img ", text)) == 4 and "../participants.html" in text


def test_a_page_says_why_a_participant_was_left_out_and_escapes_what_comes_from_the_sheet(page):
    assert "cohort: not in HU" in page(reason="not in HU: values from 0 to 255")
    assert "<b>" not in page(cohort="<b>trial</b>")


def test_a_page_opens_without_a_network_and_is_small(page):
    text = page()
    assert not re.search(r'(src|href)="https?:', text) and len(text) < 300_000


def test_every_participant_is_listed_once_with_a_link_and_a_reason(page):
    import pandas as pd

    table = pd.DataFrame({"subject": ["S1", "S2"], "cohort": "trial", "role": "development"})
    table["status"], table["stage"] = ["included", "excluded"], [None, "cohort"]
    table["reason"], table["followup_reason"] = [None, "manual mask is empty"], ["no scan in the sheet", None]
    table["baseline_volume_ml"], table["expansion_ml"] = [12.0, None], [-1.5, None]
    table["volume_source"] = ["manual", None]
    pages = {f"sub-{subject}": f"participants/trial-0001/sub-{subject}.html" for subject in ("S1", "S2")}
    text = render_list(list_rows(table, pages), title="A study")
    assert all(text.count(f'href="{page}"') == 1 for page in pages.values()) and "2 participants, 1 included" in text
    assert "cohort: manual mask is empty" in text and "−1.5" in text and "without a page" not in text
    text = render_list(list_rows(table, {"sub-S2": pages["sub-S2"]}), title="A study")
    assert "1 without a page of their own" in text and text.count("<a href") == 2 and ">sub-S1</th>" in text
