"""The rules of choice: what is left out and why, which of several series is taken, how a user overrides."""

import re
from pathlib import Path

import pytest
from pydicom.uid import generate_uid

import ichdag.conversion.dicom as package
from ichdag.conversion.dicom.exclusion_rules import RULES, WAIVED_BY_NAME


def reasons(conversion):
    """Reason by series number."""
    return {record["number"]: record["reason"] for record in conversion.series}


def chosen(conversion):
    """Number of the chosen series."""
    return next(record["number"] for record in conversion.series if record["chosen"])


def test_another_modality_is_left_out(folder, draw, reason):
    draw(modality="MR")
    assert reason(folder) == "not CT: modality MR (series 2)"


@pytest.mark.parametrize(("number", "shown"), [(99_999, 99_999), (19_500_101, None), (-19_500_101, None)])
def test_a_series_number_that_may_be_a_date_or_a_patient_is_not_shown(folder, draw, convert, reason, number, shown):
    def change(header, _):
        header.KVP, header.GantryDetectorTilt, header.SliceThickness = [str(number)] * 3

    draw(number=number, change=change)
    done = convert(folder, series=str(number))
    assert done.facts["series_number"] == chosen(done) == shown
    assert str(number) == "99999" or str(abs(number)) not in f"{done.facts} {done.series}"
    words = "n/a" if shown is None else str(shown)
    assert reason(folder, series="7") == f"the series named in the sheet is not there: found series {words}"
    draw(number=number, modality="MR", uid="1.2.826.7")
    assert reason(folder, series="1.2.826.7") == f"not CT: modality MR (series {words})"


def test_a_scout_alone_is_left_out(folder, draw, reason):
    draw(count=1, axes="coronal", image_type=("ORIGINAL", "PRIMARY", "LOCALIZER"))
    assert "image type LOCALIZER" in reason(folder)


def test_a_localizer_beside_the_scan_is_left_out_even_within_one_series(folder, draw, convert, is_exact):
    uid = generate_uid()
    draw(uid=uid)
    draw(uid=uid, number=1, count=2, axes="sagittal", image_type=("ORIGINAL", "PRIMARY", "LOCALIZER"))
    done = convert(folder)
    assert is_exact(done) and "LOCALIZER" in reasons(done)[1] and reasons(done)[2] is None


def test_derived_images_are_left_out(folder, draw, reason):
    draw(image_type=("DERIVED", "PRIMARY", "AXIAL"))
    assert "image type DERIVED" in reason(folder)


def test_a_secondary_capture_is_left_out(folder, draw, reason):
    draw(image_type=("ORIGINAL", "SECONDARY"))
    for file in folder.rglob("*.dcm"):  # the class of the object, in header and meta header, same length
        old, new = b"1.2.840.10008.5.1.4.1.1.2\0", b"1.2.840.10008.5.1.4.1.1.7\0"
        file.write_bytes(file.read_bytes().replace(old, new))
    assert "secondary capture" in reason(folder)


@pytest.mark.parametrize("words", ["Topogram 0.6", "DOSE REPORT", "AX MIP_HEAD", "brain perfusion"])
def test_words_of_the_description_leave_a_series_out(folder, draw, reason, words):
    draw(description=words)
    assert "left out by its description" in reason(folder)


def test_another_part_of_the_body_is_left_out(folder, draw, convert):
    draw()
    draw(number=3, description="C SPINE SOFT", step_mm=5.0, count=24)
    done = convert(folder)
    assert chosen(done) == 2 and reasons(done)[3] == "not the head: spine"


@pytest.mark.parametrize(("words", "part"), [("", "CSPINE"), ("Spine 2mm", "HEAD"), ("AX 5MM", "NECK")])
def test_the_body_part_is_the_description_s_or_else_the_tag_s(folder, draw, convert, words, part):
    draw(number=3, description=words, step_mm=5.0, count=24, change=lambda header, _: _set_part(header, part))
    draw(number=4, description="AX", change=lambda header, _: _set_part(header, "HEAD"))
    assert chosen(convert(folder, other_body_words=("spine", "cspine", "neck"))) == 4


def _set_part(header, part):
    header.BodyPartExamined = part


def test_the_thin_bone_reconstruction_loses_to_soft_tissue(folder, draw, convert):
    draw(number=3, kernel="H60s", step_mm=5.0, count=24)
    draw(number=4, kernel="H31s")
    done = convert(folder)
    assert chosen(done) == 4 and reasons(done)[3] == "sharp kernel: bone or lung"


def test_a_kernel_nobody_knows_is_judged_by_the_description(folder, draw, convert):
    draw(number=3, kernel="11", description="HEAD BONE THIN", step_mm=5.0, count=24)
    draw(number=4, kernel="10", description="HEAD")
    assert chosen(convert(folder)) == 4


def test_a_bone_reconstruction_alone_is_left_out(folder, draw, reason):
    draw(kernel="BONEPLUS")
    assert "sharp kernel" in reason(folder)


def test_the_thinnest_soft_tissue_series_is_taken(folder, draw, convert, is_exact):
    draw(number=3)
    draw(number=4, step_mm=5.0, count=24)
    done = convert(folder)
    assert chosen(done) == 4 and is_exact(done) and reasons(done)[3] == "ranked behind the chosen series"


def test_thinner_than_the_limit_comes_last(folder, draw, convert):
    draw(number=3)
    draw(number=4, step_mm=5.0, count=24)
    assert chosen(convert(folder, min_slice_step_mm=6)) == 3


def test_a_contrast_series_comes_after_one_without(folder, draw, convert):
    def with_agent(header, index):
        header.ContrastBolusAgent = "Iohexol"

    draw(number=3, description="HEAD W/O CONTRAST")
    draw(number=4, step_mm=5.0, count=24, change=with_agent)
    draw(number=5, step_mm=5.0, count=24, description="CTA HEAD")
    done = convert(folder)
    assert chosen(done) == 3 and not done.facts["contrast_agent"]
    assert [record["contrast_agent"] for record in done.series] == [False, True, True]


def test_a_coronal_reformat_is_left_out(folder, draw, convert):
    draw(number=2)
    draw(number=3, axes="coronal", step_mm=5.0, count=24)
    done = convert(folder)
    assert chosen(done) == 2 and reasons(done)[3] == "not axial: coronal, 90 degrees off"


def test_a_part_of_the_head_loses_to_the_whole_head(folder, draw, convert):
    draw(number=2, step_mm=2.0, count=20)
    draw(number=3)
    done = convert(folder)
    assert chosen(done) == 3 and reasons(done)[2] == "not a whole head: 40 mm, limit 100 mm"


def test_a_part_of_the_head_alone_is_left_out(folder, draw, reason):
    draw(step_mm=2.0, count=20)
    assert "not a whole head: 40 mm" in reason(folder)


def test_too_few_slices_are_left_out(folder, draw, reason):
    draw(count=4, step_mm=40)
    assert reason(folder) == "too few slices: 4, limit 10 (series 2)"


def test_a_thin_series_with_a_missing_slice_loses_to_a_whole_one(folder, draw, convert):
    draw(number=3, step_mm=5.0, count=24, change=lambda header, index: index != 7)
    draw(number=4)
    done = convert(folder)
    assert chosen(done) == 4 and reasons(done)[3].startswith("uneven slice positions")


def test_scans_of_two_studies_are_left_out_unless_one_is_named(folder, draw, reason, convert):
    draw(number=2)
    draw(number=3, study="1.2.826.2")
    assert reason(folder).startswith("several studies: 2")
    assert chosen(convert(folder, series="3")) == 3


def test_two_acquisitions_in_one_series_are_two_stacks(folder, draw, convert, is_exact):
    def second(header, index):
        header.AcquisitionNumber = 2

    uid = generate_uid()
    draw(uid=uid)
    draw(uid=uid, number=3, change=second)
    done = convert(folder)
    assert is_exact(done) and [record["slices"] for record in done.series] == [12, 12]


def test_the_user_may_name_a_series_by_number_by_uid_or_by_words(folder, draw, convert):
    headers = draw(number=3, kernel="H60s", description="HEAD BONE 5mm")
    draw(number=4)
    for series in ("3", headers[0].SeriesInstanceUID, "bone 5"):
        done = convert(folder, series=series)
        assert chosen(done) == 3 and reasons(done)[4] == "not the series named in the sheet"


@pytest.mark.parametrize(
    "kernel, shown",
    [
        ("H31s", "H31s"),
        ("Qr40f", "Qr40f"),
        ("STANDARD", "STANDARD"),
        ("FC21", "FC21"),
        ("UB", "UB"),
        ("H31s_Doe", "H31s"),
    ]
    + [("H31JOE", "H31"), ("STANDARDJane", "STANDARD"), ("JD1950", None), ("950", None), ("BRAIN Doe", "BRAIN")],
)
def test_of_a_kernel_only_what_the_settings_know_is_shown(folder, draw, convert, kernel, shown):
    draw(kernel=kernel)
    assert convert(folder).series[0]["kernel"] == shown


@pytest.mark.parametrize("modality, shown", [("MR", "MR"), ("RTSTRUCT", "RTST"), ("JOE", "other"), ("CTJOE", "other")])
def test_of_a_modality_only_those_of_dicom_are_shown(folder, draw, reason, modality, shown):
    draw(modality=modality)
    assert reason(folder) == f"not CT: modality {shown} (series 2)"


def test_a_number_is_a_series_number_and_never_a_word_of_a_description(folder, draw, convert, reason):
    draw(number=2, description="HEAD 3.0")
    draw(number=3, description="HEAD 5.0")
    assert chosen(convert(folder, series="3.0")) == 3 and chosen(convert(folder, series="head 3.0")) == 2
    assert reason(folder, series="5.0") == "the series named in the sheet is not there: found series 2, 3"


def test_a_named_series_that_is_not_there_is_said_with_those_that_are(folder, draw, reason):
    draw(number=3)
    draw(number=4)
    assert reason(folder, series="7") == "the series named in the sheet is not there: found series 3, 4"


def test_a_named_series_must_still_be_a_volume_of_ct(folder, draw, reason):
    draw(number=3, modality="MR")
    draw(number=4, places=[0.0] * 12)
    assert reason(folder, series="3").startswith("not CT")
    assert reason(folder, series="4").startswith("slices all at one place")


def test_all_reasons_are_said_the_nearest_miss_first(folder, draw, reason):
    draw(number=2, modality="MR")
    draw(number=3, modality="MR")
    draw(number=4, step_mm=2.0, count=20)
    assert reason(folder) == "not a whole head: 40 mm, limit 100 mm (series 4); not CT: modality MR (series 2, 3)"


def test_the_rules_are_stated_alike_in_the_code_and_in_the_docs():
    document = (Path(__file__).parents[3] / "docs" / "dicom.md").read_text("utf-8").replace("`", "").replace("*", "")
    stated = [" ".join(text.split()) for text in (package.__doc__, document)]
    listed = [re.search(r"A stack is not used, with .*? the lowest series number\.", text)[0] for text in stated]
    assert listed[0] == listed[1]
    assert re.findall(r" (\d+)\. ", listed[0]) == [str(order) for order in range(1, len(RULES) + 1)]
    waived = [RULES.index(rule) + 1 for rule in WAIVED_BY_NAME]
    for text in stated:
        assert f"ules {', '.join(map(str, waived[:-1]))} and {waived[-1]}" in text
