"""A killed training goes on and ends with the same bits; a checkpoint that does not fit or is spoiled is not used."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ichdag.segmentation.network_training import load_samples, train_network
from ichdag.training import Checkpoint, find_device

DEVICE = find_device(1)
CONFIGURATION = {"settings": {"learning_rate": 0.01}, "subjects": ["S0", "S1"]}
CHILD = """
    import os, pickle, signal, sys
    import ichdag.segmentation.network_training as training
    from ichdag.models import write_weights
    from ichdag.training import Checkpoint, find_device

    paths, settings, checkpoint, weights, fatal = pickle.load(open(sys.argv[1], "rb"))
    step, original = 0, training.augment

    def augment(*scans, **options):
        global step
        step += 1
        if step == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*scans, **options)

    training.augment = augment
    checkpoint = Checkpoint(checkpoint, configuration={"seed": 7}, data={})
    network, history = training.train_network(
        training.load_samples(paths), **settings, checkpoint=checkpoint, device=find_device(1)
    )
    write_weights(network.state_dict(), weights, identity={})
    checkpoint.remove()
"""


class Killed(Exception):
    """Stands for SIGKILL."""


class KilledAfter(Checkpoint):
    """A checkpoint whose training is killed after two epochs."""

    def save(self, epochs, generator, **parts):
        super().save(epochs, generator, **parts)
        if epochs == 2:
            raise Killed


def trained(grids, settings, path, kind=Checkpoint, configuration=CONFIGURATION):
    samples = load_samples(grids)
    checkpoint = kind(path, configuration=configuration, data=vars(samples))
    return train_network(samples, **settings, checkpoint=checkpoint, device=DEVICE)


def same(network, other):
    weights, other_weights = network.state_dict(), other.state_dict()
    return all(torch.equal(weight, other_weights[name]) for name, weight in weights.items())


@pytest.fixture
def killed(grids, settings, tmp_path):
    """A checkpoint of two epochs, beside the one of the first epoch."""
    with pytest.raises(Killed):
        trained(grids, settings, tmp_path / "killed.pt", kind=KilledAfter)
    return Checkpoint(tmp_path / "killed.pt", configuration=CONFIGURATION, data=vars(load_samples(grids)))


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_a_killed_training_ends_with_the_same_bits_as_one_that_was_not(grids, settings, tmp_path, optimizer):
    settings["settings"] = replace(settings["settings"], optimizer=optimizer, learning_rate=0.05)
    uninterrupted, history = trained(grids, settings, tmp_path / "uninterrupted.pt")
    with pytest.raises(Killed):
        trained(grids, settings, tmp_path / "killed.pt", kind=KilledAfter)
    resumed, again = trained(grids, settings, tmp_path / "killed.pt")
    assert history.rows == again.rows
    assert same(uninterrupted, resumed)


def test_sigkill_at_any_step_changes_no_bit_of_the_weights(grids, settings, tmp_path):
    """Processes of their own, killed at a step drawn anew in each run of this test, again and again until one ends."""
    import pickle

    from ichdag.models import read_weights

    (tmp_path / "child.py").write_text(textwrap.dedent(CHILD), "utf-8")
    uninterrupted, _ = trained(grids, settings, tmp_path / "uninterrupted.pt")
    steps = 3 * settings["settings"].epochs
    fatal = int(np.random.default_rng(time.time_ns()).integers(4, steps + 1))  # from the second epoch on
    for step, status in ((fatal, -signal.SIGKILL), (0, 0)):
        work = (grids, settings, tmp_path / "child.pt", tmp_path / "weights.safetensors", step)
        (tmp_path / "work.pkl").write_bytes(pickle.dumps(work))
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}
        command = [sys.executable, tmp_path / "child.py", tmp_path / "work.pkl"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == status, done.stderr
        assert bool(list(tmp_path.glob("child-*.pt"))) == bool(step), f"killed at step {step}"
    resumed = read_weights(tmp_path / "weights.safetensors")
    for name, weight in uninterrupted.state_dict().items():
        assert torch.equal(weight, resumed[name]), f"{name}, killed at step {fatal} of {steps}"


@pytest.mark.parametrize("spoiled", ["cut short", "empty", "overwritten within", "gone"])
def test_where_the_newest_checkpoint_cannot_be_read_the_one_before_serves(
    grids, settings, killed, tmp_path, caplog, spoiled
):
    uninterrupted, _ = trained(grids, settings, tmp_path / "uninterrupted.pt")
    content = killed.path.read_bytes()
    middle = len(content) // 2
    damaged = {"cut short": content[:middle], "empty": b""}
    damaged["overwritten within"] = content[: middle - 500] + bytes(1000) + content[middle + 500 :]
    killed.path.unlink() if spoiled == "gone" else killed.path.write_bytes(damaged[spoiled])
    caplog.set_level("INFO", logger="ichdag")
    resumed, _ = trained(grids, settings, tmp_path / "killed.pt")
    assert f"{killed.previous.name}: 1 epochs done" in caplog.text
    assert spoiled == "gone" or "cannot be read" in caplog.text
    assert same(uninterrupted, resumed)


def test_a_disk_that_cannot_read_the_newest_checkpoint_costs_no_epoch(grids, settings, killed, tmp_path, caplog):
    uninterrupted, _ = trained(grids, settings, tmp_path / "uninterrupted.pt")
    aside = killed.path.rename(tmp_path / "aside")
    killed.path.symlink_to("/proc/self/mem")  # it opens, and every read of its beginning is an input/output error
    with pytest.raises(OSError, match="Input/output error"):
        trained(grids, settings, tmp_path / "killed.pt")
    killed.path.unlink()
    aside.rename(killed.path)
    caplog.set_level("INFO", logger="ichdag")
    assert same(uninterrupted, trained(grids, settings, tmp_path / "killed.pt")[0])
    assert f"{killed.path.name}: 2 epochs done" in caplog.text


def test_without_any_checkpoint_that_can_be_read_the_training_begins_anew(grids, settings, killed, tmp_path):
    uninterrupted, _ = trained(grids, settings, tmp_path / "uninterrupted.pt")
    for path in (killed.path, killed.previous):
        path.write_bytes(b"nothing")
    assert same(uninterrupted, trained(grids, settings, tmp_path / "killed.pt")[0])


@pytest.mark.parametrize("other", ["settings", "scans"])
def test_a_training_with_other_settings_or_scans_begins_anew_and_leaves_the_checkpoint_to_which_it_may_return(
    grids, settings, killed, tmp_path, caplog, other
):
    content = killed.path.read_bytes()
    caplog.set_level("INFO", logger="ichdag")
    if other == "settings":
        changed = {"settings": {"learning_rate": 0.1}, "subjects": ["S0", "S1"]}
        again, _ = trained(grids, settings, tmp_path / "killed.pt", configuration=changed)
    else:
        fewer = dict(list(grids.items())[:-1])
        again, _ = trained(fewer, settings, tmp_path / "killed.pt")
        assert same(again, trained(fewer, settings, tmp_path / "alone.pt")[0])
    assert "begins anew" in caplog.text and killed.path.name in caplog.text and "resumed" not in caplog.text
    assert killed.path.read_bytes() == content
    caplog.clear()
    trained(grids, settings, tmp_path / "killed.pt")
    assert f"resumed from {killed.path}: 2 epochs done" in caplog.text


def test_all_checkpoints_of_a_training_are_gone_once_removed_and_no_other(grids, settings, killed, tmp_path):
    Checkpoint(tmp_path / "killed.pt", configuration={"seed": 1}, data={}).path.write_bytes(b"of other settings")
    (tmp_path / "other-0123456789ab.pt").write_bytes(b"of another training")
    assert killed.path.is_file() and killed.previous.is_file()
    killed.remove()
    killed.remove()
    assert [path.name for path in tmp_path.iterdir()] == ["other-0123456789ab.pt"]


def test_a_finished_training_whose_model_was_not_written_trains_no_more(grids, settings, tmp_path):
    uninterrupted, history = trained(grids, settings, tmp_path / "one.pt")
    again, recalled = trained(grids, settings, tmp_path / "one.pt")
    assert same(uninterrupted, again) and recalled.rows == history.rows
