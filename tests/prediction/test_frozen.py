"""The frozen model is a folder that holds everything, and only what its feature set needs."""

from ichdag.models import Card, read_card, write_card
from ichdag.prediction.frozen import freeze

FEATURES = "shape+segmentation+vaegan"


def part(folder, name, suffix, subjects):
    """A file and its card."""
    folder.mkdir(parents=True, exist_ok=True)
    file, card = folder / f"{name}{suffix}", folder / f"{name}.card.json"
    file.write_bytes(name.encode())
    write_card(Card(name, {"seed": 1}, subjects), card)
    return str(file), str(card)


def freeze_here(folder):
    source = folder / "source"
    (folder / "parameters.yaml").write_text("setting: {binWidth: 2}\n")
    return freeze(
        folder / "model",
        networks={name: part(source, name, ".safetensors", ["a", "b"]) for name in ("segmentation", "vaegan")},
        reductions={
            name: part(source / "blocks", name, ".skops", ["a", "c"])
            for name in ("radiomics", "segmentation", "vaegan")
        },
        classifiers={"poor_outcome": part(source, "poor_outcome", ".skops", ["c", "d"])},
        parameters=folder / "parameters.yaml",
        settings={"features": FEATURES, "cohort": {"smallest_lesion_ml": 0.1}},
    )


def test_the_card_names_everybody_any_part_was_fitted_on(tmp_path):
    card = freeze_here(tmp_path)
    assert card.subjects == ["a", "b", "c", "d"]
    assert read_card(tmp_path / "model/card.json").limits == {"outcomes": ["poor_outcome"], "smallest_lesion_ml": 0.1}


def test_the_folder_holds_what_the_feature_set_needs_and_no_more(tmp_path):
    freeze_here(tmp_path)
    files = {path.name for path in (tmp_path / "model").iterdir()}
    assert {"network_segmentation.safetensors", "network_vaegan.safetensors", "outcome_poor_outcome.skops"} < files
    assert {"reduction_segmentation.skops", "reduction_vaegan.json", "radiomics.yaml", "card.json"} < files
    assert "reduction_radiomics.skops" not in files


def test_parts_of_one_name_do_not_overwrite_each_other(tmp_path):
    freeze_here(tmp_path)
    assert (tmp_path / "model/network_segmentation.safetensors").read_bytes() == b"segmentation"
    assert (tmp_path / "model/reduction_segmentation.skops").is_file()
