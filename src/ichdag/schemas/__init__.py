"""The tables that cross a stage: each column with its kind, unit, range and meaning. The docs' data dictionary."""

from ichdag.schemas.columns import Column
from ichdag.schemas.jobs import JOBS
from ichdag.schemas.names import BLOCKS, CLASSIFIERS, COMPARATORS, FEATURE_SETS, ROLES, STATUSES, TIMEPOINTS, VARIANTS
from ichdag.schemas.patients import PATIENTS
from ichdag.schemas.results import RESULTS
from ichdag.schemas.statistics import STATISTICS

SCHEMAS: dict[str, list[Column]] = PATIENTS | RESULTS | STATISTICS | JOBS

__all__ = ["BLOCKS", "CLASSIFIERS", "COMPARATORS", "FEATURE_SETS", "ROLES", "SCHEMAS", "STATUSES", "TIMEPOINTS"]
__all__ += ["VARIANTS", "Column"]
