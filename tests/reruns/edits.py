"""What a user may change in a finished study: a function for each kind, and a table of edits with what they change."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pandas as pd
import pydicom
from originals import AS_DICOM, read_sheet, row_of, series_of, write_sheet

from ichdag.images import read_scan, write_image

LONG_AGO = 1_000_000_000  # a date before that of any result: a copy that kept the date of the file it copied
PREDICTIONS = "classification/predictions.parquet"
FEATURES = "radiomics/features.parquet"
DEVELOPMENT, EXTERNAL, PARTICIPANTS = (f"cohort/{name}.tsv" for name in ("development", "external", "participants"))


@dataclass(frozen=True)
class Edit:
    """One edit of a study, the results that it must change, and an edit with the same contents."""

    apply: Callable
    changes: tuple[str, ...]
    like: str | None = None


def set_cell(study, subject, column, value):
    """Change a cell of the sheet."""
    sheet = read_sheet(study.folder)
    here = sheet.participant_id == f"sub-{subject}"
    assert here.sum() == 1 and sheet.loc[here, column].item() != value, (subject, column, value)
    sheet.loc[here, column] = value
    write_sheet(study.folder, sheet)


def join_persons(study, *subjects):
    """Say that two participants are one person."""
    for subject in subjects:
        set_cell(study, subject, "person_id", "one")


def join_development_persons(study):
    """Say so of two development participants whom the folds drawn before do not part."""
    tables = [pd.read_csv(study.folder / f"ledger/{name}.tsv", sep="\t") for name in ("folds", "training")]
    folds = pd.concat(tables).fillna({"outcome": "segmentation"}).sort_values("outcome")
    together = {}
    for subject, own in folds.groupby("subject"):
        if subject not in ("D0009", "D0011"):  # other edits take these away
            together.setdefault(tuple(own.fold), []).append(subject)
    join_persons(study, *max(together.values(), key=len)[:2])


def add_column(study, name):
    """Add a column of numbers to the sheet."""
    sheet = read_sheet(study.folder)
    write_sheet(study.folder, sheet.assign(**{name: [str(5 + row % 4) for row in range(len(sheet))]}))


def add_patient(study, subject):
    """Add a row to the sheet."""
    sheet = read_sheet(study.folder)
    write_sheet(study.folder, pd.concat([sheet, pd.DataFrame([row_of(subject)])]).fillna("n/a"))


def remove_patient(study, subject):
    """Take a row out of the sheet."""
    sheet = read_sheet(study.folder)
    here = sheet.participant_id == f"sub-{subject}"
    assert here.sum() == 1, subject
    write_sheet(study.folder, sheet[~here])


def correct_mask(study, subject, timepoint):
    """Take the lowest slice out of a manual mask."""
    path = study.folder / f"originals/{subject}_{timepoint}_mask.nii.gz"
    mask = read_scan(path)
    mask.values[:, :, mask.values.any(axis=(0, 1)).argmax()] = 0
    assert mask.values.any()
    write_image(mask, path)


def replace_scan(study, subject, *, date=None):
    """Put a scan that reads 2 HU higher in the place of another, with the date of today or with this one."""
    path = study.folder / f"originals/{subject}_baseline_ct.nii.gz"
    scan = read_scan(path)
    scan.values[:] += 2
    write_image(scan, path)
    if date is not None:
        os.utime(path, (date, date))


def add_slice(study):
    """Add the lowest slice to a folder of DICOM files, in the subfolder where the others are."""
    shutil.copy2(study.folder / f"originals/{AS_DICOM}_lowest_slice.dcm", series_of(study.folder))


def overwrite_slice(study):
    """Write another slice in the place of one in a subfolder: the same name and the same size."""
    path = sorted(series_of(study.folder).iterdir())[10]
    size, header = path.stat().st_size, pydicom.dcmread(path)
    header.RescaleIntercept += 3
    header.save_as(path, enforce_file_format=True)
    assert path.stat().st_size == size


def set_settings(study, **changes):
    """Change settings."""
    study.set(**changes)


def remove_outcome(study, name):
    """Take an outcome out of the settings."""
    settings = study.settings()
    del settings["outcomes"][name]
    study.write_settings(settings)


def change_radiomics(study):
    """Change the study's own radiomics parameters."""
    path = study.folder / "radiomics.yaml"
    text = path.read_text("utf-8")
    assert "\n  binWidth: 2\n" in text
    path.write_text(text.replace("\n  binWidth: 2\n", "\n  binWidth: 3\n"), "utf-8")


def cell(subject, column, value, *changes):
    """An edit of one cell."""
    return Edit(partial(set_cell, subject=subject, column=column, value=value), changes)


def setting(*changes, **settings):
    """An edit of settings."""
    return Edit(partial(set_settings, **settings), changes)


EDITS = {
    "the definition of an outcome": setting(
        DEVELOPMENT, EXTERNAL, PREDICTIONS, outcomes={"expansion_3ml": "expansion_ml > 5"}
    ),
    "a new outcome": setting(PARTICIPANTS, PREDICTIONS, outcomes={"dependent": "mrs > 2"}),
    "a removed outcome": Edit(partial(remove_outcome, name="expansion_3ml"), (PARTICIPANTS, PREDICTIONS)),
    "mRS of a development patient": cell("D0002", "mrs", "5", DEVELOPMENT, PREDICTIONS),
    "mRS of an external patient": cell("E0002", "mrs", "1", EXTERNAL, PREDICTIONS, "evaluation/metrics.tsv"),
    "age of a development patient": cell("D0003", "age", "31", DEVELOPMENT, PREDICTIONS),
    "age of an external patient": cell("E0009", "age", "31", EXTERNAL, PREDICTIONS),
    "sex of a development patient": cell("D0004", "sex", "F", DEVELOPMENT, "statistics/table1.tsv"),
    "sex of an external patient": cell("E0003", "sex", "F", EXTERNAL, "statistics/table1.tsv"),
    "person of two development patients": Edit(join_development_persons, (DEVELOPMENT,)),
    "person of two external patients": Edit(lambda study: join_persons(study, "E0002", "E0009"), (EXTERNAL,)),
    "a new column": Edit(partial(add_column, name="glucose"), (DEVELOPMENT, EXTERNAL)),
    "a new development patient": Edit(
        partial(add_patient, subject="D0017"), (DEVELOPMENT, FEATURES, PREDICTIONS, "cohort/folds.tsv")
    ),
    "a new external patient": Edit(partial(add_patient, subject="E0001"), (EXTERNAL, FEATURES, PREDICTIONS)),
    "a new patient to predict": Edit(partial(add_patient, subject="P0002"), ("prediction/predictions.tsv",)),
    "a removed development patient": Edit(
        partial(remove_patient, subject="D0009"), (DEVELOPMENT, FEATURES, PREDICTIONS)
    ),
    "a removed external patient": Edit(partial(remove_patient, subject="E0014"), (EXTERNAL, FEATURES, PREDICTIONS)),
    "an external patient to develop on": cell("E0003", "role", "development", DEVELOPMENT, EXTERNAL, PREDICTIONS),
    "a development patient to test on": cell("D0011", "role", "external", DEVELOPMENT, EXTERNAL, PREDICTIONS),
    "an external patient to predict": cell("E0008", "role", "prediction", EXTERNAL, "prediction/predictions.tsv"),
    "a baseline mask of a development patient": Edit(
        partial(correct_mask, subject="D0007", timepoint="baseline"), (DEVELOPMENT, "segmentation/scores.tsv")
    ),
    "a followup mask of a development patient": Edit(
        partial(correct_mask, subject="D0008", timepoint="followup"), (DEVELOPMENT,)
    ),
    "a baseline mask of an external patient": Edit(
        partial(correct_mask, subject="E0002", timepoint="baseline"), (EXTERNAL, "segmentation/scores.tsv")
    ),
    "a followup mask of an external patient": Edit(
        partial(correct_mask, subject="E0009", timepoint="followup"), (EXTERNAL,)
    ),
    "a scan of a development patient": Edit(partial(replace_scan, subject="D0015"), (FEATURES, PREDICTIONS)),
    "a scan of a development patient, of an older date": Edit(
        partial(replace_scan, subject="D0015", date=LONG_AGO),
        (FEATURES, PREDICTIONS),
        like="a scan of a development patient",
    ),
    "a scan of an external patient": Edit(partial(replace_scan, subject="E0003"), (FEATURES, PREDICTIONS)),
    "a scan of an external patient, of an older date": Edit(
        partial(replace_scan, subject="E0003", date=LONG_AGO),
        (FEATURES, PREDICTIONS),
        like="a scan of an external patient",
    ),
    "a slice more in a folder of DICOM files": Edit(add_slice, (FEATURES, PREDICTIONS)),
    "another slice in a folder of DICOM files": Edit(overwrite_slice, (FEATURES, PREDICTIONS)),
    "a limit of quality": setting(
        DEVELOPMENT, EXTERNAL, PREDICTIONS, "cohort/flow.tsv",
        cohort={"quality": {"limits": {"onset_to_ct_hours": [0, 8]}}},
    ),
    "the grid": setting("segmentation/scores.tsv", FEATURES, PREDICTIONS, preprocessing={"grid": 48}),
    "epochs of the segmentation networks": setting(
        "segmentation/scores.tsv", FEATURES, PREDICTIONS, segmentation={"training": {"epochs": 13}}
    ),
    "epochs of the VAE-GAN": setting(
        "features/external/vaegan.parquet", PREDICTIONS, latent={"training": {"epochs": 3}}
    ),
    "networks trained anew": setting("segmentation/scores.tsv", FEATURES, segmentation={"retrain": 2}),
    "how the networks are asked": setting(
        "segmentation/scores.tsv", FEATURES, PREDICTIONS, segmentation={"inference": {"mirror_axes": [0]}}
    ),
    "manual masks": setting(FEATURES, PREDICTIONS, segmentation={"masks": "manual"}),
    "radiomics parameters": Edit(change_radiomics, (FEATURES, PREDICTIONS)),
    "the rank of NMF": setting("features/external/radiomics.parquet", PREDICTIONS, features={"rank": 2}),
    "a setting of one classifier": setting(
        PREDICTIONS, classification={"classifiers": {"extra_trees": {"n_estimators": 6}}}
    ),
    "a setting of the features and one upstream of them": setting(
        "features/external/vaegan.parquet", PREDICTIONS,
        features={"rank": 2}, latent={"patches": {"dilation_size": 3}},
    ),
    "the seed": setting("segmentation/scores.tsv", PREDICTIONS, seed=7),
}  # fmt: skip
