"""The frozen model is a folder that holds everything, is written whole, and is refused once it was changed."""

import hashlib
import json
import os
import re
import shutil
import signal

import pytest

from ichdag.constants import FEATURE_SETS
from ichdag.jobs import StudyError
from ichdag.models import read_card
from ichdag.prediction.frozen import OUTCOME, is_spoiled, load_frozen, model_files


def test_the_card_names_everybody_any_part_was_fitted_on(frozen):
    card = load_frozen(frozen("poor_outcome")).card
    assert card.subjects == ["a", "b", "c", "d"]
    assert card.limits == {"outcomes": ["poor_outcome"], "min_lesion_ml": 0.1}
    assert card.scores["reduction_vaegan"] == {"of": "reduction_vaegan.json"}


def test_the_folder_holds_what_the_feature_set_needs_and_no_more(frozen):
    files = {path.name for path in frozen("poor_outcome").iterdir()}
    assert files == {
        *("card.json", "radiomics.yaml", "outcome_poor_outcome.skops", "outcome_poor_outcome.json"),
        *("network_segmentation.safetensors", "network_segmentation.json"),
        *("network_vaegan.safetensors", "network_vaegan.json"),
        *("reduction_segmentation.skops", "reduction_segmentation.json"),
        *("reduction_vaegan.skops", "reduction_vaegan.json"),
    }


def test_each_part_is_found_under_its_name(frozen):
    files = load_frozen(frozen("death", "poor_outcome")).files
    assert files["segmentation"].read_text() == "network_segmentation.safetensors \n"
    assert files["reduction/segmentation"].read_text() == "reduction_segmentation.skops \n"
    assert files["classifier/poor_outcome"].read_text() == "outcome_poor_outcome.skops \n"
    assert read_card(files["classifier_card/death"]).name == "outcome_death.json"


@pytest.mark.parametrize("features", FEATURE_SETS)
def test_no_two_parts_have_one_file_whatever_the_outcomes_are_called(features):
    files = model_files(features, outcomes=["card", "x", "x_card", "card_x", "segmentation", "vaegan"])
    assert len(set(files.values())) == len(files) and "card.json" not in files.values()


def test_the_card_has_size_and_sha256_of_each_part_and_of_all_that_it_says_itself(frozen):
    folder = frozen("death")
    content = json.loads((folder / "card.json").read_text())
    said = content.pop("sha256")
    assert said == hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    for part in content["parts"].values():
        data = (folder / part["file"]).read_bytes()
        assert (part["bytes"], part["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert len(content["parts"]) == len(list(folder.iterdir())) - 1


def swap(folder):
    one, other = folder / "outcome_death.skops", folder / "outcome_poor_outcome.skops"
    one.rename(folder / "kept")
    other.rename(one)
    (folder / "kept").rename(other)


def flip(folder):
    path = folder / "reduction_vaegan.skops"
    data = bytearray(path.read_bytes())
    data[5] ^= 1
    path.write_bytes(data)


def edit(folder, **changes):
    """Change the card, and its own digest with it if that is one of the changes."""
    content = json.loads((folder / "card.json").read_text()) | changes
    if changes.pop("sha256", None):
        del content["sha256"]
        content["sha256"] = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    (folder / "card.json").write_text(json.dumps(content))


def relabeled(folder, part, **changes):
    """The parts of a card, one of them changed."""
    parts = json.loads((folder / "card.json").read_text())["parts"]
    return parts | {part: parts[part] | changes}


SPOILED = {
    "pipelines swapped": (swap, ["outcome_death.skops has ", "outcome_poor_outcome.skops has "]),
    "weights cut to nothing": (
        lambda folder: (folder / "network_segmentation.safetensors").write_bytes(b""),
        ["network_segmentation.safetensors has 0 bytes, sha256 e3b0c44298fc (frozen: 34 bytes, sha256 "],
    ),
    "a byte flipped": (flip, ["reduction_vaegan.skops has 24 bytes, sha256 ", " (frozen: 24 bytes, sha256 "]),
    "a part deleted": (
        lambda folder: (folder / "network_vaegan.json").unlink(),
        ["network_vaegan.json is missing (frozen: "],
    ),
    "a part too many": (
        lambda folder: shutil.copy(folder / "outcome_death.skops", folder / "reduction_radiomics.skops"),
        ["reduction_radiomics.skops is no part of it"],
    ),
    "a folder in place of a part": (
        lambda folder: ((folder / "radiomics.yaml").unlink(), (folder / "radiomics.yaml").mkdir()),
        ["radiomics.yaml is missing"],
    ),
    "an edited card": (
        lambda folder: edit(folder, limits={"outcomes": ["death"], "min_lesion_ml": 0}),
        ["card.json was changed, its content has sha256 "],
    ),
    "a card of other parts": (
        lambda folder: edit(folder, parts=relabeled(folder, "vaegan", sha256="0" * 64), sha256=True),
        ["network_vaegan.safetensors has ", "sha256 000000000000)"],
    ),
    "a card cut short": (lambda folder: os.truncate(folder / "card.json", 100), ["card.json cannot be read"]),
    "an empty card": (lambda folder: os.truncate(folder / "card.json", 0), ["card.json cannot be read"]),
    "a card that is a list": (lambda folder: (folder / "card.json").write_text("[1]"), ["card.json cannot be read"]),
    "a card without digests": (lambda folder: edit(folder, sha256=None), ["card.json has no digests"]),
    "no card": (lambda folder: (folder / "card.json").unlink(), ["holds no frozen model: card.json is missing"]),
    "no folder": (shutil.rmtree, ["holds no frozen model: card.json is missing"]),
    "an outcome that leads out of the folder": (
        lambda folder: edit(folder, limits={"outcomes": ["../death"], "min_lesion_ml": 0.1}, sha256=True),
        ["'../death' cannot be an outcome's name"],
    ),
    "a file that lies elsewhere": (
        lambda folder: edit(folder, parts=relabeled(folder, "vaegan", file="../vaegan.safetensors"), sha256=True),
        ["card.json names or lacks ../vaegan.safetensors"],
    ),
    "an outcome that has no part": (
        lambda folder: edit(
            folder, limits={"outcomes": ["death", "poor_outcome", "other"], "min_lesion_ml": 0.1}, sha256=True
        ),
        ["card.json names or lacks classifier/other, classifier_card/other"],
    ),
    "no such feature set": (
        lambda folder: edit(folder, settings={"features": "everything"}, sha256=True),
        ["there is no feature set 'everything'"],
    ),
}


@pytest.mark.parametrize("fault", SPOILED)
def test_a_model_that_was_changed_is_refused_with_what_was_found_and_what_to_do(fault, frozen):
    folder = frozen("death", "poor_outcome")
    load_frozen(folder)
    spoil, expected_words = SPOILED[fault]
    spoil(folder)
    with pytest.raises(StudyError) as refusal:
        load_frozen(folder)
    words = str(refusal.value)
    assert words.startswith(f"{folder} ") and f"delete {folder} and run again" in words
    assert all(part in words for part in expected_words), words


def test_all_that_differs_is_said_at_once(frozen):
    folder = frozen("death", "poor_outcome")
    swap(folder)
    (folder / "radiomics.yaml").unlink()
    with pytest.raises(StudyError) as refusal:
        load_frozen(folder)
    assert len(re.findall(r"^  \S", str(refusal.value), re.M)) == 3


def test_a_layout_of_one_s_own_and_a_readme_do_not_matter(frozen):
    folder = frozen("death")
    content = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(dict(sorted(content.items())), indent=4))
    (folder / "README.md").write_text("Frozen for the stroke unit.\n")
    (folder / ".partial-1-outcome_death.skops").write_text("left by a killed job")
    assert load_frozen(folder).card.limits["outcomes"] == ["death"]


def test_a_model_frozen_anew_keeps_nothing_of_the_one_before(frozen):
    folder = frozen("death", "poor_outcome")
    (folder / ".partial-1-outcome_death.skops").write_text("left by a killed job")
    frozen("death", text="new")
    assert load_frozen(folder).files["classifier/death"].read_text() == "outcome_death.skops new\n"
    assert not list(folder.glob("*poor_outcome*")) and not list(folder.glob(".*"))


def killed(number, work):
    """Do some work in a process of its own that is killed as it gives a file its name for this (0: the first) time."""
    child = os.fork()
    if child == 0:
        replace, renamed = os.replace, []

        def counted(source, target):
            if len(renamed) == number:
                os.kill(os.getpid(), signal.SIGKILL)
            renamed.append(target)
            replace(source, target)

        os.replace = counted
        work()
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("before", ["nothing", "an older model"])
def test_a_freezing_that_was_killed_at_any_file_leaves_no_model_that_is_used(before, frozen, tmp_path):
    files = model_files("shape+segmentation+vaegan", outcomes=["death"]).values()
    cards = sum(file.endswith(".json") for file in files)  # of the parts, which are written before they are frozen
    for number in range(cards, cards + len(files) + 1):
        folder = tmp_path / f"model{number}"
        if before != "nothing":
            load_frozen(frozen("death", folder=folder))
        assert killed(number, lambda folder=folder: frozen("death", text="new", folder=folder)), number
        assert folder.is_dir() and not (folder / "card.json").exists()
        with pytest.raises(StudyError, match="holds no frozen model"):
            load_frozen(folder)
    assert not killed(number + 1, lambda: frozen("death", text="new", folder=folder))
    assert load_frozen(folder).files["classifier/death"].read_text() == "outcome_death.skops new\n"


def test_a_plan_freezes_a_changed_model_anew_and_leaves_a_missing_part_to_snakemake(frozen, caplog):
    folder = frozen("death", "poor_outcome")
    files = model_files("shape+segmentation+vaegan", outcomes=["death", "poor_outcome"]).values()
    assert not is_spoiled(folder, files=files)
    swap(folder)
    assert is_spoiled(folder, files=files) and "outcome_death.skops has " in caplog.text
    (folder / "radiomics.yaml").unlink()
    assert not is_spoiled(folder, files=files)
    shutil.rmtree(folder)
    assert not is_spoiled(folder, files=files)


def test_an_outcome_s_name_is_what_the_settings_allow():
    import yaml

    from ichdag.bundled_files import bundled_path

    schema = yaml.safe_load(bundled_path("config/schemas/config.schema.json").read_text("utf-8"))
    assert schema["properties"]["outcomes"]["propertyNames"]["pattern"] == f"^{OUTCOME.pattern}$"
