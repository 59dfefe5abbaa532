"""Data dictionary: the schema of every table by name, in the order of the stages.

For documents and tests; a script imports the schemas that it reads and writes from their stages.
"""

from ichdag.checks import schemas as checks
from ichdag.classification import schemas as classification
from ichdag.cohort import schemas as cohort
from ichdag.evaluation import schemas as evaluation
from ichdag.explanation import schemas as explanation
from ichdag.features import schemas as features
from ichdag.figures import schemas as figures
from ichdag.latent import schemas as latent
from ichdag.prediction import schemas as prediction
from ichdag.preprocessing import schemas as preprocessing
from ichdag.provenance import schemas as provenance
from ichdag.radiomics import schemas as radiomics
from ichdag.report import schemas as report
from ichdag.schema import Schema
from ichdag.segmentation import schemas as segmentation
from ichdag.statistics import schemas as statistics

STAGES = [
    *(cohort, preprocessing, segmentation, radiomics, latent, features, classification, evaluation, statistics),
    *(explanation, checks, figures, report, prediction, provenance),
]
SCHEMAS: dict[str, Schema] = {
    schema.name: schema for stage in STAGES for schema in vars(stage).values() if isinstance(schema, Schema)
}
