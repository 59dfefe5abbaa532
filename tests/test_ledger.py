"""The ledger is refused where it is lost, cut short or of another study; a model holds until what it is changes."""

import re
import shutil
import subprocess

import pytest
import torch

from ichdag.jobs import StudyError
from ichdag.ledger import (
    check_checksums,
    check_fold_count,
    check_ledger,
    check_snakemake_records,
    checksum_file_of,
    read_training_list,
    reason_to_train,
    write_with_checksum,
)
from ichdag.models import ModelCard, read_identity, read_weights, write_model, write_weights
from ichdag.records import read_record, write_record

FOLDS = "subject\toutcome\tfold\nS0\tmrs\t0\nS1\tmrs\t1\nS2\tmrs\t0\n"
LIST = "subject\tfold\tretrain\nS0\t0\t1\nS1\t1\t1\n"
IDENTITY = {"variant": "dual", "training": {"epochs": 3}, "code": "abc"}


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A study whose folds and training list are drawn and sealed, with the folds in its results."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ledger").mkdir()
    (tmp_path / "results/cohort").mkdir(parents=True)
    for name, text in (("folds.tsv", FOLDS), ("training.tsv", LIST)):
        with write_with_checksum(tmp_path / "ledger" / name) as partial:
            partial.write_text(text, "utf-8")
    (tmp_path / "results/cohort/folds.tsv").write_text(f"{FOLDS}S0\tsegmentation\t0\n", "utf-8")
    (tmp_path / "results/cohort/development_scans.tsv").touch()
    check_checksums()
    return tmp_path


def test_a_seal_is_what_sha256sum_checks(study):
    done = subprocess.run(["sha256sum", "--check", "folds.tsv.sha256"], cwd=study / "ledger", capture_output=True)
    assert done.returncode == 0


@pytest.mark.parametrize("name", ["folds.tsv", "training.tsv"])
@pytest.mark.parametrize("damage", ["cut at a line", "cut within a line", "empty", "lost", "changed"])
def test_a_table_of_the_ledger_that_is_not_as_it_was_written_is_refused_by_name(study, name, damage):
    path = study / "ledger" / name
    text = path.read_text("utf-8")
    damaged = {"cut at a line": text[: text.rstrip().rindex("\n") + 1], "cut within a line": text[:-3], "empty": ""}
    damaged["changed"] = text.replace("S1\t", "S9\t")
    path.unlink() if damage == "lost" else path.write_text(damaged[damage], "utf-8")
    with pytest.raises(StudyError, match=rf"ledger/{name} .*backup"):
        check_checksums()


def test_a_ledger_without_seals_is_refused_where_results_have_folds_that_it_lacks(study):
    for name in ("folds.tsv", "training.tsv"):
        checksum_file_of(study / "ledger" / name).unlink()
    check_checksums()
    (study / "ledger/folds.tsv").write_text(FOLDS.replace("S2\tmrs\t0\n", ""), "utf-8")
    with pytest.raises(StudyError, match=r"lacks 1 of 3 assignments .*sub-S2, mrs, fold 0"):
        check_checksums()


def test_results_without_any_ledger_are_refused_and_a_ledger_without_results_is_not(study):
    (study / "results/cohort/folds.tsv").unlink()
    check_checksums()
    (study / "results/cohort/folds.tsv").write_text(FOLDS, "utf-8")
    for file in (study / "ledger").iterdir():
        file.unlink()
    with pytest.raises(StudyError, match="lacks 3 of 3 assignments"):
        check_checksums()


def test_a_training_list_that_is_lost_with_its_seal_is_missed_where_there_are_networks(study):
    for file in study.glob("ledger/training.tsv*"):
        file.unlink()
    check_checksums()
    (study / "results/segmentation").mkdir()
    (study / "results/segmentation/networks.json").touch()
    with pytest.raises(StudyError, match=r"ledger/training\.tsv is lost: results/segmentation/networks\.json"):
        check_checksums()


@pytest.mark.parametrize("name", ["folds.tsv", "training.tsv"])
def test_a_table_changed_on_purpose_is_taken_once_what_the_cure_names_is_deleted(study, name):
    path = study / "ledger" / name
    path.write_text(path.read_text("utf-8").replace("S1\t", "S9\t"), "utf-8")
    with pytest.raises(StudyError, match="changed on purpose, delete ") as caught:
        check_checksums()
    cure = re.search(r"on purpose, delete (.*); to begin", str(caught.value))[1].split(" and ")
    assert len(cure) == (2 if name == "folds.tsv" else 1)
    for file in cure:
        (study / file).unlink()
    check_checksums()


def repeats(folds, count=2):
    """Rows of the folds of an outcome, drawn as so many repeats."""
    rows = [f"S{fold}\tmrs\t{fold + repeat * folds}\n" for repeat in range(count) for fold in range(folds)]
    return "subject\toutcome\tfold\n" + "".join(rows)


def rewrite(study, folds, training):
    """Give the study a ledger of other numbers of folds, in two repeats, and a training list for retrain 1."""
    rows = [f"S{number}\t{number % training}\t1\n" for number in range(12)]
    for name, text in (("folds.tsv", repeats(folds)), ("training.tsv", "subject\tfold\tretrain\n" + "".join(rows))):
        with write_with_checksum(study / "ledger" / name) as partial:
            partial.write_text(text, "utf-8")
    (study / "results/cohort/folds.tsv").write_text(repeats(folds), "utf-8")


@pytest.mark.parametrize("count", [3, 4, 10])
def test_another_number_of_folds_is_refused_with_what_was_found_and_the_cure(study, count):
    rewrite(study, 5, 5)
    check_fold_count(5, retrain=1)
    check_fold_count(5, retrain=2)
    with pytest.raises(StudyError, match=rf"config folds is {count}, but .*folds.tsv has 5 and .*training.tsv has 5"):
        check_fold_count(count, retrain=1)
    with pytest.raises(
        StudyError, match=r"Set folds back to 5\. .*raise segmentation\.retrain .* and move ledger/folds"
    ):
        check_ledger(folds=count, retrain=1)


def test_the_cure_for_another_number_of_folds_works_and_half_of_it_is_not_enough(study):
    rewrite(study, 5, 5)
    with pytest.raises(StudyError) as caught:
        check_fold_count(3, retrain=2)
    assert "training.tsv" not in str(caught.value) and "raise segmentation.retrain" not in str(caught.value)
    for file in re.search(r"move (\S+), (\S+) and (\S+) away", str(caught.value)).groups():
        (study / file).unlink()
    with pytest.raises(StudyError, match=r"training\.tsv has 5: .*raise segmentation\.retrain"):
        check_fold_count(3, retrain=1)
    check_checksums()
    check_fold_count(3, retrain=2)


def test_repeats_and_newcomers_do_not_hide_the_number_of_folds(study):
    rewrite(study, 5, 5)
    (study / "ledger/folds.tsv").write_text(repeats(5, 1) + "N0\tmrs\t2\n" + "N1\texpansion\t4\n", "utf-8")
    check_fold_count(5, retrain=1)
    (study / "ledger/folds.tsv").write_text(repeats(5, 3) + "N0\tmrs\t2\n", "utf-8")
    check_fold_count(5, retrain=1)
    with pytest.raises(StudyError, match="folds.tsv has 5"):
        check_fold_count(15, retrain=2)


def test_a_study_without_a_ledger_takes_any_number_of_folds(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_ledger(folds=7, retrain=1)


def test_results_without_snakemakes_records_are_refused(study):
    with pytest.raises(StudyError, match=r"\.snakemake/, which tells what they were made with, is not"):
        check_snakemake_records()
    (study / ".snakemake/metadata").mkdir(parents=True)
    (study / ".snakemake/metadata/bGVkZ2Vy").touch()
    check_snakemake_records()
    shutil.rmtree(study / ".snakemake")
    (study / "results/cohort/development_scans.tsv").unlink()
    check_snakemake_records()


def test_a_writer_killed_between_table_and_seal_leaves_a_pair_that_fits(study, monkeypatch):
    """Killed before the table takes its name, and after."""
    import ichdag.ledger as room

    whole = room.os.replace
    for taken in (False, True):

        def killed(source, target, taken=taken):
            if str(target).endswith("folds.tsv"):
                if taken:
                    whole(source, target)
                raise KeyboardInterrupt
            whole(source, target)

        with monkeypatch.context() as patch:
            patch.setattr(room.os, "replace", killed)
            with pytest.raises(KeyboardInterrupt), write_with_checksum(study / "ledger/folds.tsv") as partial:
                partial.write_text(FOLDS + "S3\tmrs\t1\n", "utf-8")
        check_checksums()
        assert ("S3" in (study / "ledger/folds.tsv").read_text("utf-8")) == taken
        assert not list((study / "ledger").glob(".new*"))


def test_the_locked_list_is_that_of_its_retraining(study):
    assert read_training_list("ledger/training.tsv", retrain=1) == {"S0": 0, "S1": 1}
    assert read_training_list("ledger/training.tsv", retrain=2) is None
    assert read_training_list("ledger/none.tsv", retrain=1) is None


@pytest.fixture
def model(tmp_path):
    """A trained model's folder."""
    files = type("Files", (), {})()
    for name in ("weights.safetensors", "card.json", "curve.tsv", "data.tsv", "run.json"):
        setattr(files, name.split(".")[0], tmp_path / "ledger/segmentation/dual_0" / name)
    files.weights.parent.mkdir(parents=True)
    files.curve.write_text("curve", "utf-8")
    files.data.write_text("data", "utf-8")
    write_model(
        ModelCard("dual_0", IDENTITY, ["S1"]),
        {"one": torch.arange(6.0), "two": torch.ones(2)},
        run={"seconds": 1},
        files=files,
    )
    return files.weights.parent


def test_weights_say_what_they_are_and_hold_until_it_changes(model):
    assert read_identity(model / "weights.safetensors") == IDENTITY
    assert reason_to_train(model, IDENTITY) is None
    assert reason_to_train(model, IDENTITY | {"training": {"epochs": 4}}) == "training.epochs 3 -> 4"
    assert "drawn anew" in reason_to_train(model, None)
    assert "not there" in reason_to_train(model.with_name("dual_1"), IDENTITY)


def test_the_same_weights_are_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_weights({"x": torch.ones(3)}, tmp_path / name, identity={"z": 1, "a": {"c": 1, "b": 2}})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("part", ["weights.safetensors", "card.json", "curve.tsv", "data.tsv"])
@pytest.mark.parametrize("damage", ["half", "empty", "lost"])
def test_a_damaged_model_is_refused_and_not_trained_anew_in_silence(model, part, damage):
    path = model / part
    content = path.read_bytes()
    if damage == "lost":
        path.unlink()
    else:
        path.write_bytes(content[: len(content) // 2] if damage == "half" else b"")
    if (part, damage) == ("weights.safetensors", "lost"):
        assert reason_to_train(model, IDENTITY) == "it is not there yet"
        return
    with pytest.raises(StudyError, match=rf"{part}.*backup"):
        reason_to_train(model, IDENTITY)


def test_a_flipped_bit_in_the_numbers_is_noticed_when_they_are_read(model):
    path = model / "weights.safetensors"
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(StudyError, match=r"weights.safetensors cannot be read: .*numbers are not those"):
        read_weights(path)


def test_a_card_edited_by_hand_is_noticed(model):
    card = read_record(model / "card.json")
    write_record(card | {"subjects": []}, model / "card.json")
    with pytest.raises(StudyError, match="another than was written"):
        reason_to_train(model, IDENTITY)
