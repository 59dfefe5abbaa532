"""Columns that the tables of several stages share."""

from ichdag.constants import ROLES, STATUSES, TIMEPOINTS
from ichdag.schema import Column, NumberOptions, number

SUBJECT = Column("subject", "participant id without the prefix sub-")
COHORT = Column("cohort", "name of the cohort the participant comes from")
ROLE = Column("role", "what the cohort is used for", values=ROLES)
TIMEPOINT = Column("timepoint", "which scan", values=TIMEPOINTS)
STATUS = Column("status", "whether it is included in the analysis", values=STATUSES)
STAGE = Column("stage", "stage at which it was excluded", missing=True)
REASON = Column("reason", "reason of the exclusion", missing=True)
OUTCOME = Column("outcome", "name of the outcome, as in the config")
FEATURE_SET = Column("features", "feature set, or comparator (volume, clinical, oracle)")
CLASSIFIER = Column("classifier", "classifier, 'logistic' for a comparator, 'known' for the oracle")
FOLD = Column("fold", "0-4 in cross-validation, 5-9 in its second repeat and so on; 'external' for an external cohort")
NOTE = Column("note", "why a value is not defined, or other remarks", missing=True, optional=True)
INTERVALS = ("delong", "delong-corrected", "newcombe", "wilson", "bootstrap", "wald", "none")
AUC: NumberOptions = {"low": 0, "high": 1, "missing": True}
GAP: NumberOptions = {"low": -1, "high": 1, "missing": True}
P = number("p", "two-sided p", **AUC)
STATISTIC = number("statistic", "test statistic", missing=True)
VOLUME: NumberOptions = {"low": 0, "missing": True}
PROBABILITY: NumberOptions = {"low": 0, "high": 1}
