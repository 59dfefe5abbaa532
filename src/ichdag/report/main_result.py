"""Summarize the main result in words and in one table, and the participants."""

import pandas as pd

from ichdag.constants import COMPARATORS
from ichdag.evaluation import best_models
from ichdag.figures.display_names import classifier_name, features_name, outcome_name
from ichdag.report.formatting import DASH, Table, format_interval, format_p
from ichdag.report.report_tables import auc_of

EXTERNAL_FIGURES = ("reconstructions", "imagined")


def summary_table(metrics: pd.DataFrame, *, corrected: pd.DataFrame | None, reference: str, caption: str) -> Table:
    """Build the main table: the best model of each outcome by cross-validation, and its comparators on external data.

    Without external participants all AUCs are those of cross-validation. `corrected` follows schema best.
    """
    comparators = [name for name in COMPARATORS if name in set(metrics["features"])]
    comparison_fold, comparison_name = (
        ("external", "external") if has_external(metrics) else ("pooled", "cross-validation")
    )
    folds = ["pooled", "external"] if has_external(metrics) else ["pooled"]
    rows = []
    for best in best_models(metrics).itertuples(index=False):
        reference_model = (best.outcome, reference, best.classifier)
        row = [outcome_name(best.outcome), f"{features_name(best.features)}, {classifier_name(best.classifier)}"]
        for fold in folds:
            row.append(f"{auc_of(metrics, tuple(best), fold=fold)}{_events(metrics, best.outcome, fold)}")
        row.insert(3, _corrected(corrected, tuple(best)))
        row.append(
            "is the best\nmodel"
            if best.features == reference
            else auc_of(metrics, reference_model, fold=comparison_fold)
        )
        row += [auc_of(metrics, (best.outcome, f, COMPARATORS[f]), fold=comparison_fold) for f in comparators]
        rows.append(row[:2] + [text.replace(" (", "\n(") for text in row[2:]])
    header = ["Outcome", "Best model", "AUC, cross-validation", "corrected for the choice", "AUC, external"]
    header = header[: 3 + len(folds)]
    header += [f"{features_name(reference)} alone, {comparison_name}"]
    header += [f"{features_name(name)}, {comparison_name}" for name in comparators]
    return Table(
        "glance",
        "Best models beside their comparators",
        caption,
        header,
        rows,
        [False, False] + [True] * (len(header) - 2),
    )


def _events(metrics: pd.DataFrame, outcome: str, fold: str) -> str:
    """Write a line with the participants and events of an outcome, per cohort."""
    rows = metrics[(metrics["outcome"] == outcome) & (metrics["fold"] == fold)]
    counts = rows.groupby("cohort", sort=True)[["n", "positives"]].max()
    return "".join(f"\n{row.positives:.0f} of {row.n:.0f} with the outcome" for row in counts.itertuples())


def _corrected(corrected: pd.DataFrame | None, model: tuple[str, str, str]) -> str:
    """Format the AUC of the best model corrected for its choice, with limits; a dash if it is not known."""
    rows = _row_of(corrected, model)
    return next(
        (format_interval(row.corrected, row.corrected_low, row.corrected_high) for row in rows.itertuples()), DASH
    )


def _row_of(corrected: pd.DataFrame | None, model: tuple[str, str, str]) -> pd.DataFrame:
    """Select the row of a model, if it has one."""
    if corrected is None:
        return pd.DataFrame()
    return corrected[(corrected[["outcome", "features", "classifier"]] == list(model)).all(axis=1)]


def headline(
    metrics: pd.DataFrame, *, corrected: pd.DataFrame | None, delong: pd.DataFrame | None, reference: str
) -> list[tuple[str, str]]:
    """Write a sentence on the main result of each outcome; `corrected` follows schema best."""
    lines = []
    for best in best_models(metrics).itertuples(index=False):
        model, reference_model = tuple(best), (best.outcome, reference, best.classifier)
        words = f"{features_name(best.features)} with {classifier_name(best.classifier)}, AUC "
        words += f"{auc_of(metrics, model, fold='pooled')} in cross-validation{_allowing(corrected, model)}"
        external_auc = auc_of(metrics, model, fold="external")
        words += "; no external AUC" if external_auc == DASH else f" and {external_auc} on external participants"
        fold = "pooled" if external_auc == DASH else "external"
        if best.features != reference:
            words += f"; {features_name(reference).lower()} alone with the same classifier "
            words += auc_of(metrics, reference_model, fold=fold) + _tested(delong, model, reference, fold=fold)
        lines.append((outcome_name(best.outcome), words + "."))
    return lines


def _allowing(corrected: pd.DataFrame | None, model: tuple[str, str, str]) -> str:
    """Write the AUC corrected for the choice of the best of many models."""
    words = [
        f", {_corrected(corrected, model)} corrected for the choice of the best of {n:.0f} models"
        for n in _row_of(corrected, model).get("models", [])
    ]
    return "".join(words)


def has_external(metrics: pd.DataFrame) -> bool:
    """Tell whether any model was evaluated on external participants."""
    return "external" in set(metrics["fold"])


def has_external_people(participants: pd.DataFrame) -> bool:
    """Tell whether there are external participants."""
    return bool((participants["role"] == "external").any())


def _tested(delong: pd.DataFrame | None, model: tuple[str, str, str], reference: str, *, fold: str) -> str:
    """Write the paired difference of a model from the reference in one fold with its test, if there is one."""
    if delong is None:
        return ""
    outcome, features, classifier = model
    rows = delong[(delong["outcome"] == outcome) & (delong["fold"] == fold) & (delong["features"] == features)]
    rows = rows[(rows["classifier"] == classifier) & (rows["classifier_reference"] == classifier)]
    rows = rows[rows["features_reference"] == reference].dropna(subset="p")
    words = [
        f"difference {format_interval(row.difference, row.low, row.high)}, DeLong p {_equals(format_p(row.p))}"
        for row in rows.itertuples()
    ]
    return f" ({'; '.join(words)})" if words else ""


def _equals(text: str) -> str:
    """Add the equals sign to a p-value."""
    return text if text.startswith("<") else f"= {text}"


def counts(participants: pd.DataFrame) -> list[str]:
    """Write the number of enrolled and analyzed participants of each cohort."""
    return [
        f"{cohort} ({role}): {len(group)} enrolled, {int((group['status'] == 'included').sum())} analyzed"
        for (role, cohort), group in participants.groupby(["role", "cohort"], sort=True)
    ]


def events(metrics: pd.DataFrame) -> str:
    """Write the number of events of each outcome in each cohort."""
    rows = metrics[metrics["fold"].isin(["pooled", "external"]) & (metrics["metric"] == "auc")]
    rows = rows[~rows["features"].isin(COMPARATORS)].drop_duplicates(["outcome", "cohort"])
    shares = [
        f"{outcome_name(row.outcome)} {row.positives:.0f} of {row.n:.0f} ({row.cohort})" for row in rows.itertuples()
    ]
    return f"Events: {'; '.join(shares) or 'none'}"


def split_of(metrics: pd.DataFrame) -> str:
    """Describe how folds were drawn, to follow the word 'cross-validation'; stratified only if the counts are even.

    The counts of a class differ by at most one between folds, unless participants joined after folds were drawn, or a
    person is several participants.
    """
    rows = metrics[metrics["fold"].str.isdecimal() & (metrics["metric"] == "auc")]
    rows = rows[~rows["features"].isin(COMPARATORS)].drop_duplicates(["outcome", "fold"])
    sizes = rows[["outcome", "positives"]].assign(negatives=rows["n"] - rows["positives"])
    spread = sizes.groupby("outcome", sort=False).agg(lambda column: column.max() - column.min())
    uneven = spread.index[(spread > 1).any(axis=1)]
    if uneven.empty:
        return "stratified by outcome"
    names = ", ".join(outcome_name(name) for name in uneven)
    return (
        f"stratified by outcome, but not evenly for {names} (participants were added or outcomes changed after the "
        "folds were drawn, or several participants are one person and stay in one fold)"
    )


def numbers(name: str, tables: dict[str, pd.DataFrame]) -> str:
    """Write the number of participants of a figure, to follow its caption; empty if the figure shows it."""
    if name in ("auc", "oracle", "ranks", "calibration", "decision"):
        return f" {events(tables['metrics'])}."
    has_external = has_external_people(tables["participants"])
    if name == "shap" and len(tables.get("shap", [])):
        participants = (
            "external participants explained" if has_external else "development participants explained, out-of-fold"
        )
        return f" n = {tables['shap']['n'].max():.0f} {participants}."
    if not has_external and (name in EXTERNAL_FIGURES or name.startswith("saliency_")):
        return " This study has no external participants, so nothing is shown."
    if name == "dice" and len(tables["scores"]):
        counts = tables["scores"].groupby("role")["subject"].nunique()
        return f" n = {', '.join(f'{count} {role}' for role, count in counts.items())}."
    return ""


def verdict(checks: pd.DataFrame) -> str:
    """Count the results of the checks."""
    tally = checks["status"].value_counts()
    names = ("passed", *(["warned"] if "warned" in tally else []), "failed", "skipped")
    return ", ".join(f"{tally.get(name, 0)} {name}" for name in names) if len(tally) else DASH


def warnings(checks: pd.DataFrame) -> list[str]:
    """List the warnings of the checks, a sentence each, as limits of the study."""
    messages = checks.loc[checks["status"] == "warned", "found"]
    return [f"{words[:1].upper()}{words[1:]}." for words in messages]
