"""A frozen model whose parts are short texts."""

import pytest

from ichdag.models import Card, write_card
from ichdag.prediction.frozen import freeze, model_files

FEATURES = "shape+segmentation+vaegan"
SUBJECTS = {"network": ["a", "b"], "reduction": ["a", "c"], "outcome": ["c", "d"]}


@pytest.fixture
def frozen(tmp_path):
    """A function that freezes a model of these outcomes, each part a text of its own, and returns its folder."""

    def make(*outcomes, text="", folder=tmp_path / "model"):
        source, sources = tmp_path / f"source{text}", {}
        source.mkdir(exist_ok=True)
        for part, file in model_files(FEATURES, outcomes=outcomes).items():
            sources[part] = source / file
            if file.endswith(".json"):
                write_card(Card(file, {"seed": 1}, SUBJECTS[file.split("_")[0]], scores={"of": file}), sources[part])
            else:
                sources[part].write_text(f"{file} {text}\n")
        settings = {"features": FEATURES, "cohort": {"smallest_lesion_ml": 0.1}}
        freeze(folder, sources=sources, outcomes=list(outcomes), settings=settings)
        return folder

    return make
