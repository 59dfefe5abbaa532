"""Build the tables of the report that are not shown as stored: exclusions, Dice, AUCs, all metrics, settings."""

from typing import Any

import pandas as pd

from ichdag.constants import CLASSIFIERS, COMPARATORS, FEATURE_SETS, FINAL
from ichdag.evaluation import best_models
from ichdag.figures.display_names import (
    classifier_name,
    features_name,
    fold_name,
    metric_name,
    outcome_name,
    variable_name,
)
from ichdag.figures.segmentation import select_dice
from ichdag.figures.selection import settings_of
from ichdag.report.formatting import DASH, Table, format_cell, format_interval, format_number, format_p


def auc_of(metrics: pd.DataFrame, model: tuple[str, str, str], *, fold: str, limits: bool = True) -> str:
    """Format the AUC with interval of a model (outcome, features, classifier) in one fold, per cohort if several."""
    outcome, features, classifier = model
    chosen = metrics[(metrics["metric"] == "auc") & (metrics["fold"] == fold) & (metrics["outcome"] == outcome)]
    chosen = chosen[(chosen["features"] == features) & (chosen["classifier"] == classifier)]
    words = [
        format_interval(row.value, row.low, row.high) if limits else format_number(row.value)
        for row in chosen.itertuples()
    ]
    if len(words) > 1 and limits:
        words = [f"{cohort}: {word}" for cohort, word in zip(chosen["cohort"], words, strict=True)]
    return "; ".join(words) or DASH


def exclusions(participants: pd.DataFrame, *, caption: str) -> Table:
    """Count exclusions by cohort, stage and reason, most frequent first."""
    excluded = participants[participants["status"] == "excluded"].fillna({"stage": "unknown", "reason": "unknown"})
    keys = ["role", "cohort", "stage", "reason"]
    counts = excluded.groupby(keys).size().rename("n").reset_index()
    counts = counts.sort_values(["role", "cohort", "n"], ascending=[True, True, False], kind="stable")
    rows = [[row.cohort, row.stage, row.reason, str(row.n)] for row in counts.itertuples()]
    header = ["Cohort", "Stage", "Reason", "Participants"]
    return Table("exclusions", "Exclusions", caption, header, rows, [False, False, False, True])


def table1(frame: pd.DataFrame, *, title: str, caption: str) -> Table:
    """Build Table 1 of the paper: a row per variable and level, development beside each external cohort, or alone."""
    rows = []
    has_external = frame["cohort"].notna().any()
    for row in frame.itertuples():
        no_level = row.kind == "outcome" or pd.isna(row.level)
        name = variable_name(row.variable) + ("" if no_level else f": {row.level}")
        texts = [DASH if pd.isna(text) else text for text in (row.development, row.external)]
        missing = f"{row.missing_development:.0f}" + (f" / {row.missing_external:.0f}" if has_external else "")
        note = "" if pd.isna(row.test) else row.test
        rows.append(
            [
                name,
                texts[0],
                texts[1],
                format_number(row.smd),
                format_p(row.p),
                note,
                missing,
                format_cell(row.cohort, "cohort"),
            ]
        )
    header = ["Characteristic", "Development", "External", "SMD", "p", "Test", "Missing", "External cohort"]
    numeric = [False, True, True, True, True, False, True, False]
    if not has_external:
        header = [header[0], header[1], header[6]]
        numeric = [numeric[0], numeric[1], numeric[6]]
        return Table("table-table1", title, caption, header, [[row[0], row[1], row[6]] for row in rows], numeric)
    column_count = len(header) if frame["cohort"].nunique() > 1 else len(header) - 1
    return Table("table-table1", title, caption, header[:column_count], [row[:column_count] for row in rows], numeric)


def of_best(frame: pd.DataFrame, metrics: pd.DataFrame) -> pd.DataFrame:
    """Select the rows of a table of the best model of each outcome."""
    return best_models(metrics).merge(frame, on=["outcome", "features", "classifier"])[list(frame)]


def dice(scores: pd.DataFrame, *, caption: str) -> Table:
    """Build the table of Dice of both networks: each fold, all folds, mean of folds, external participants."""
    words = {"all": "All folds, over participants", "mean": "All folds, over fold means", FINAL: "External"}
    frame = select_dice(scores)
    order = sorted(set(frame["fold"]) - set(words)) + list(words)
    rows = []
    for fold in [fold for fold in order if fold in set(frame["fold"])]:
        row = [words.get(fold, fold_name(fold))]
        for variant in ("dual", "single"):
            score_rows = frame[(frame["fold"] == fold) & (frame["variant"] == variant)].head(1)
            cells = [
                [f"{format_number(r.mean)} ± {format_number(r.sd)}", format_number(r.hd95_mm, 1), f"{r.n:.0f}"]
                for r in score_rows.itertuples()
            ]
            row += cells[0] if cells else [DASH] * 3
        rows.append(row)
    names = ["Dice, mean ± SD", "HD95, median (mm)", "n"]
    header = ["Participants", *[f"{variant}: {name}" for variant in ("Dual", "Single") for name in names]]
    return Table("dice", "Segmentation", caption, header, rows, [False] + [True] * 6)


def auc_grid(metrics: pd.DataFrame, outcome: str) -> dict[str, Any]:
    """Build the 7 x 6 AUCs of one outcome: a row per feature set, a cell per classifier with one value per setting."""
    rows = metrics[(metrics["metric"] == "auc") & (metrics["outcome"] == outcome)]
    settings = settings_of(rows)
    values = rows.set_index(["features", "classifier", "fold", "cohort"])["value"].to_dict()
    top = {
        setting: max([values.get((f, c, *setting), -1) for f in FEATURE_SETS for c in CLASSIFIERS])
        for setting in settings
    }

    def cells(features: str, classifier: str) -> list[dict[str, Any]]:
        values_and_best = [(values.get((features, classifier, *setting)), top[setting]) for setting in settings]
        return [
            {
                "text": format_number(float("nan") if value is None else value),
                "best": value is not None and value == best,
            }
            for value, best in values_and_best
        ]

    return {
        "outcome": outcome_name(outcome),
        "settings": [f"{fold_name(fold)} ({cohort})" for fold, cohort in settings],
        "header": [classifier_name(name) for name in CLASSIFIERS],
        "rows": [(features_name(f), [cells(f, c) for c in CLASSIFIERS]) for f in FEATURE_SETS],
        "comparators": [
            (features_name(f), cells(f, c))
            for f, c in COMPARATORS.items()
            if any((f, c, *s) in values for s in settings)
        ],
    }


def all_metrics(metrics: pd.DataFrame) -> dict[str, Any]:
    """Build Table S2: a row per model, cohort and fold, a column per metric; with the choices of its filters."""
    keys = ["outcome", "features", "classifier", "cohort", "fold"]
    names = list(metrics["metric"].drop_duplicates())
    frame = metrics.assign(
        text=[_with_spread(row) for row in metrics[["value", "low", "high", "sd"]].itertuples(index=False)]
    )
    wide = frame.pivot_table(index=keys, columns="metric", values="text", aggfunc="first", sort=False)[
        names
    ].reset_index()
    counts = metrics.groupby(keys, sort=False)[["n", "positives"]].max().reset_index()
    wide = wide.merge(counts, on=keys).fillna(DASH)
    rows = [
        [outcome_name(row[0]), features_name(row[1]), classifier_name(row[2]), row[3], fold_name(row[4]), *row[5:-2],
         f"{row[-2]:.0f}", f"{row[-1]:.0f}"]
        for row in wide.itertuples(index=False, name=None)
    ]  # fmt: skip
    header = ["Outcome", "Features", "Classifier", "Cohort", "Fold", *map(metric_name, names), "n", "Positives"]
    choices = [(index, header[index], list(dict.fromkeys(row[index] for row in rows))) for index in (0, 1, 2, 4)]
    return {"header": header, "rows": rows, "choices": choices}


def _with_spread(row: Any) -> str:
    """Format a metric with its interval, or with its SD over folds."""
    if pd.isna(row.low) and not pd.isna(row.sd):
        return f"{format_number(row.value)} ± {format_number(row.sd)}"
    return format_interval(row.value, row.low, row.high)


def settings_list(config: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """List every setting as (dotted key, value), in the order of the configuration."""
    rows = []
    for key, value in config.items():
        name = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, dict) and value:
            rows += settings_list(value, name)
        else:
            rows.append((name, ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)))
    return rows


def versions_list(cards: dict[str, dict[str, str]]) -> list[tuple[str, str]]:
    """List every package with its version; different versions are given with their jobs."""
    packages: dict[str, dict[str, list[str]]] = {}
    for job, versions in cards.items():
        for package, version in versions.items():
            packages.setdefault(package, {}).setdefault(version, []).append(job)
    return [
        (
            package,
            next(iter(jobs_by_version))
            if len(jobs_by_version) == 1
            else "; ".join(f"{v} ({', '.join(j)})" for v, j in jobs_by_version.items()),
        )
        for package, jobs_by_version in sorted(packages.items())
    ]
