"""Schemas of the tables that the checks read, by name."""

from ichdag.classification.schemas import PREDICTIONS
from ichdag.cohort.schemas import FOLDS, PARTICIPANTS
from ichdag.evaluation.schemas import METRICS
from ichdag.preprocessing.schemas import GRIDS
from ichdag.radiomics.schemas import FEATURES
from ichdag.segmentation.schemas import TRAINED_ON, TRAINING, VOLUMES

COHORT = (PARTICIPANTS, FOLDS, GRIDS, FEATURES)
MODELS = (TRAINING, TRAINED_ON, VOLUMES, PREDICTIONS, METRICS)
SCHEMAS = {schema.name: schema for schema in (*COHORT, *MODELS)}
