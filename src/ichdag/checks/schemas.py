"""Schemas of the checks and the audit."""

from ichdag.schema import Column, Schema, number

AUDIT = Schema(
    "audit",
    (
        Column("stage", "stage that fitted the model"),
        Column("model", "name of the model's folder"),
        Column("fold", "fold that the model was fitted for, or 'final'"),
        number("fitted", "number of participants that the model was fitted on, from its card", low=0),
        number(
            "scored",
            "number of participants that the model is scored on: its validation fold, or the external ones",
            low=0,
        ),
        number(
            "shared",
            "number of scored participants whose person or scan is among those that the model was fitted on; must be 0",
            low=0,
        ),
        Column("who", "the first of these participants", missing=True),
    ),
)

KINDS = ("leakage", "persons", "completeness", "folds", "features", "plausibility", "truth", "training")

CHECKS = Schema(
    "checks",
    (
        Column("kind", "kind of error that the check looks for", values=KINDS),
        Column("check", "what must be true"),
        Column("status", "result of the check", values=("passed", "warned", "failed", "skipped")),
        Column("found", "what was found"),
    ),
)
