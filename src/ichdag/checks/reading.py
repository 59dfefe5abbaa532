"""The tables that the checks read, by name."""

from ichdag.classification.schemas import PREDICTIONS
from ichdag.cohort.schemas import FOLDS, PARTICIPANTS
from ichdag.evaluation.schemas import METRICS
from ichdag.radiomics.schemas import FEATURES
from ichdag.segmentation.schemas import TRAINING, VOLUMES

READ = {schema.name: schema for schema in (PARTICIPANTS, FOLDS, PREDICTIONS, TRAINING, FEATURES, VOLUMES, METRICS)}
