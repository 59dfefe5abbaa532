"""What studies with the same sheet, settings and ledger have in common, byte for byte, and where two of them differ."""

import json

import pandas as pd

# Results by stage; not logs, benchmarks and provenance, which tell of one run.
COMPARED = (
    *(f"cohort/{name}.tsv" for name in ("participants", "flow", "folds", "quality", "sensitivity")),
    *(f"cohort/{role}.tsv" for role in ("development", "external")),
    "segmentation/scores.tsv",
    "segmentation/sub-*_mask.nii.gz",
    "prediction/sub-*_mask.nii.gz",
    "radiomics/features.parquet",
    "features/**/*.*",
    "classification/**/*.parquet",
    "evaluation/*.tsv",
    "statistics/*.tsv",
    "prediction/predictions.tsv",
    "explanation/*.tsv",
)
SHOWN = 3  # differing cells of a table


def compared_files(study, patterns=COMPARED):
    """The results that are compared, as paths below results/."""
    results = study.folder / "results"
    return {str(file.relative_to(results)) for name in patterns for file in results.glob(name) if file.is_file()}


def differences(study, reference, patterns=COMPARED):
    """A line for each result of the reference that the study lacks or has otherwise, with the first differing cells.

    What the study alone has is left of a patient or an outcome that is gone: no table reads it.
    """
    files = sorted(compared_files(reference, patterns))
    assert files, f"{reference.folder} has no results"
    found = ((name, difference(*(place.folder / "results" / name for place in (study, reference)))) for name in files)
    return [f"{name}: {text}" for name, text in found if text]


def difference(file, expected):
    """How a file differs from what is expected of it; nothing if it does not."""
    if not file.is_file():
        return "missing"
    if content(file) == content(expected):
        return ""
    if expected.suffix in (".tsv", ".parquet"):
        return first_cells(table(file), table(expected))
    return f"{file.stat().st_size} bytes, expected {expected.stat().st_size}"


def content(file):
    """The bytes of a file; those of a card without what tells of the run."""
    if file.name != "card.json":
        return file.read_bytes()
    return json.dumps({name: value for name, value in json.loads(file.read_text("utf-8")).items() if name != "run"})


def table(file):
    """A table as text cells."""
    if file.suffix == ".parquet":
        return pd.read_parquet(file).map(repr)
    return pd.read_csv(file, sep="\t", dtype=str, keep_default_na=False)


def first_cells(found, expected):
    """The first cells in which two tables differ, or how their shapes do."""
    if list(found.columns) != list(expected.columns):
        return f"columns {sorted(set(found.columns) ^ set(expected.columns)) or 'in another order'}"
    if len(found) != len(expected):
        return f"{len(found)} rows, expected {len(expected)}"
    unlike = found.ne(expected).stack()
    places = unlike[unlike].index
    cells = [f"row {row} {name}: {found.at[row, name]}, expected {expected.at[row, name]}" for row, name in places]
    return f"{len(cells)} cells, " + "; ".join(cells[:SHOWN]) if cells else "the same cells, written otherwise"
