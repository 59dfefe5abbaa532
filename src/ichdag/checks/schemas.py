"""Schemas of the checks and the audit."""

from ichdag.schema import Column, Schema, number

AUDIT = Schema(
    "audit",
    (
        Column("stage", "stage that fitted it"),
        Column("model", "name of the model's folder"),
        Column("fold", "fold it was fitted for, or 'final'"),
        number("fitted", "participants it was fitted on, by its card", low=0),
        number("scored", "participants it is scored on: of its validation fold, or the external ones", low=0),
        number("shared", "participants scored who are a person or a scan it was fitted on", low=0),
        Column("who", "the first of them", missing=True),
    ),
)

KINDS = ("leakage", "persons", "completeness", "folds", "features", "plausibility", "truth", "training")

CHECKS = Schema(
    "checks",
    (
        Column("kind", "what it guards", values=KINDS),
        Column("check", "what must hold"),
        Column("status", "whether it does", values=("passed", "warned", "failed", "skipped")),
        Column("found", "what was found"),
    ),
)
