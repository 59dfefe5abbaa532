"""What of the ledger stands under which edit: settings, list and code count, participants and scans do not."""

import copy
import json
import shutil

import pytest
import torch
import yaml

from ichdag.file_errors import TRAINING_MARKERS
from ichdag.jobs import StudyError
from ichdag.latent.vaegan_identity import vaegan_identity
from ichdag.ledger import identity_digest, write_with_checksum
from ichdag.models import write_weights
from ichdag.provenance.ledger_status import NEVER, LedgerStatus
from ichdag.records import write_record
from ichdag.segmentation.network_identity import masks_identity

NETWORKS = ["dual_0", "dual_1", "dual_final", "single_0", "single_1", "single_final"]
CODE = {"ichdag.segmentation.network_training.train_network": "n1", "ichdag.segmentation.cleanup.choose_cleanup": "c1"}
CODE |= {"ichdag.latent.vaegan_training.train_vaegan": "v1"}
PATCHES = {"size": 16, "voxel_mm": 1.75}
ROLES = {"S0": "development", "S1": "development", "S2": "development", "E0": "external"}
LIST = "subject\tfold\tretrain\nS0\t0\t1\nS1\t1\t1\nS2\t1\t1\n"
FOLD_1_FREE = {"dual_1", "single_1"}  # not trained on S1 and S2


@pytest.fixture
def config(root):
    return yaml.safe_load((root / "config/config.yaml").read_text("utf-8"))


@pytest.fixture
def root():
    from pathlib import Path

    return Path(__file__).parents[2]


def standing(config, roles=ROLES, code=CODE):
    return LedgerStatus(config, networks=NETWORKS, patches=PATCHES, roles=roles, code=lambda first, *more: code[first])


@pytest.fixture
def study(tmp_path, monkeypatch, config):
    """A study in whose ledger everything stands."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ledger").mkdir()
    assert set(standing(config).reasons) == {"training", "cleanup", "vaegan", *NETWORKS}
    with write_with_checksum(tmp_path / "ledger/training.tsv") as partial:
        partial.write_text(LIST, "utf-8")
    for name, identity in standing(config).identities.items():
        if name == "cleanup":
            write_record({"identity": identity}, tmp_path / "ledger/segmentation/cleanup.json")
            continue
        folder = tmp_path / ("ledger/latent/vaegan" if name == "vaegan" else f"ledger/segmentation/{name}")
        write_record({"seconds": 7200}, folder / "run.json")
        write_weights({"x": torch.ones(1)}, folder / "weights.safetensors", identity=identity)
    assert standing(config).reasons == {} and standing(config).due_pattern(*NETWORKS) == NEVER
    return tmp_path


def changed(config, *keys, to):
    config = copy.deepcopy(config)
    place = config
    for key in keys[:-1]:
        place = place[key]
    assert place[keys[-1]] != to
    place[keys[-1]] = to
    return config


def test_participants_who_join_or_leave_and_what_trains_nothing_make_nothing_due(study, config):
    assert standing(config, roles=ROLES | {"S9": "development", "E9": "external"}).reasons == {}
    assert standing(config, roles={"S0": "development"}).reasons == {}
    for keys, value in (
        (("segmentation", "training", "checkpoint_every_epochs"), 7),
        (("latent", "training", "checkpoint_every_epochs"), 7),
        (("cohort", "min_lesion_ml"), 2),
        (("features", "rank"), 5),
        (("radiomics", "parameters"), "other.yaml"),
        (("outcomes", "poor_outcome"), "mrs > 2"),
    ):
        assert standing(changed(config, *keys, to=value)).reasons == {}, keys


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("segmentation", "training", "epochs"), 3),
        (("segmentation", "augmentation", "noise"), 0.3),
        (("preprocessing", "grid"), 64),
        (("seed",), 1),
    ],
)
def test_what_networks_are_trained_with_makes_all_of_them_due_and_what_hangs_on_their_masks(study, config, keys, value):
    now = standing(changed(config, *keys, to=value))
    assert set(now.reasons) == {*NETWORKS, "cleanup", "vaegan"}
    assert f"{'.'.join(keys[-2:])} " in now.describe("dual_0")
    assert "the last training took 2 h" in now.describe("dual_0")
    assert now.forced_rules == ["choose_cleanup", "train_network", "train_vaegan"]


def test_with_manual_masks_the_vaegan_hangs_on_no_network(study, config):
    manual = changed(config, "segmentation", "masks", to="manual")
    identity = standing(manual).identities["vaegan"]
    write_weights({"x": torch.ones(1)}, study / "ledger/latent/vaegan/weights.safetensors", identity=identity)
    assert standing(manual).reasons == {}
    assert "vaegan" not in standing(changed(manual, "segmentation", "training", "epochs", to=3)).reasons


def test_settings_and_code_of_the_vaegan_and_of_the_cleanup_make_no_network_due(study, config):
    assert set(standing(changed(config, "latent", "training", "epochs", to=3)).reasons) == {"vaegan"}
    assert set(standing(config, code=CODE | {"ichdag.latent.vaegan_training.train_vaegan": "v2"}).reasons) == {"vaegan"}
    inference = changed(config, "segmentation", "inference", "ensemble", to=True)
    assert set(standing(inference).reasons) == {"cleanup", "vaegan"}
    assert set(standing(config, code=CODE | {"ichdag.segmentation.network_training.train_network": "n2"}).reasons) == {
        *NETWORKS,
        "cleanup",
        "vaegan",
    }


def test_who_becomes_external_is_trained_on_no_more_and_the_network_that_never_saw_them_stays(study, config):
    now = standing(config, roles=ROLES | {"S1": "external"})
    assert now.excluded_subjects == ["S1"] and now.training == {"S0": 0, "S2": 1}
    assert {*NETWORKS} - set(now.reasons) == FOLD_1_FREE
    assert "subjects.count 3 -> 2" in now.describe("dual_final")


def test_a_retraining_draws_the_list_and_makes_all_due(study, config):
    now = standing(changed(config, "segmentation", "retrain", to=2))
    assert set(now.reasons) == {"training", "cleanup", "vaegan", *NETWORKS}
    assert "lock_training_list" in now.forced_rules and now.due_pattern("training") == "training"


@pytest.fixture
def finished(study, config):
    """The study with the results that tell that its models were trained."""
    identities = standing(config).identities
    networks = [{"name": name, "identity": identity_digest(identities[name])} for name in NETWORKS]
    write_record({"folds": {}, "networks": networks}, study / TRAINING_MARKERS["segmentation"])
    (study / TRAINING_MARKERS["latent"]).parent.mkdir(parents=True)
    (study / TRAINING_MARKERS["latent"]).touch()
    assert standing(config).check().reasons == {}
    return study


@pytest.mark.parametrize(
    ("lost", "told", "stage", "made_by"),
    [
        ("segmentation/dual_1", "ledger/segmentation/dual_1 lost", "segmentation", ["train_network"]),
        (
            "segmentation",
            "dual_0, .*dual_1, .*dual_final and 3 more lost",
            "segmentation",
            ["choose_cleanup", "train_network"],
        ),
        ("latent", "ledger/latent/vaegan lost", "latent", ["train_vaegan"]),
    ],
)
def test_a_model_that_results_were_made_with_and_that_is_gone_is_refused_until_they_are_deleted(
    finished, config, lost, told, stage, made_by
):
    shutil.rmtree(finished / "ledger" / lost)
    now = standing(config)
    with pytest.raises(StudyError, match=rf"{told} .*backup.* delete {TRAINING_MARKERS[stage]} as well"):
        now.check()
    assert now.check(before_run=False) is now, "a job is not refused"
    (finished / TRAINING_MARKERS[stage]).unlink()
    assert now.check().reasons and now.forced_rules == made_by


def test_lost_weights_alone_are_missed_too(finished, config):
    (finished / "ledger/segmentation/single_0/weights.safetensors").unlink()
    with pytest.raises(StudyError, match="single_0 lost the weights"):
        standing(config).check()


def test_a_cleanup_that_is_lost_is_chosen_anew(finished, config):
    (finished / "ledger/segmentation/cleanup.json").unlink()
    assert set(standing(config).check().reasons) == {"cleanup"}


def test_a_first_training_that_was_interrupted_is_not_taken_for_a_loss(study, config):
    for name in ("single_1", "single_final"):
        (study / f"ledger/segmentation/{name}/weights.safetensors").unlink()
    shutil.rmtree(study / "ledger/latent")
    assert set(standing(config).check().reasons) == {"single_1", "single_final", "vaegan"}


def test_networks_that_are_new_or_would_be_trained_anew_anyway_are_not_taken_for_lost(finished, config):
    """More folds; a retraining, before its list is drawn and once it is; other settings; none of them was a loss."""
    more = [*NETWORKS, "dual_2", "single_2"]
    found = LedgerStatus(config, networks=more, patches=PATCHES, roles=ROLES, code=lambda first, *rest: CODE[first])
    assert {"dual_2", "single_2"} <= set(found.check().reasons)
    shutil.rmtree(finished / "ledger/segmentation/dual_0")
    assert "dual_0" in standing(changed(config, "segmentation", "training", "epochs", to=3)).check().reasons
    retrained = changed(config, "segmentation", "retrain", to=2)
    assert "dual_0" in standing(retrained).check().reasons
    with write_with_checksum(finished / "ledger/training.tsv") as partial:
        partial.write_text(LIST.replace("\t1\n", "\t2\n"), "utf-8")
    now = standing(retrained).check()
    assert now.training and "dual_0" in now.reasons


def test_a_job_finds_the_same_identity_as_the_plan(config):
    """The VAE-GAN's job knows the digests of what drew its masks from files; the plan from settings."""
    training = {"S0": 0, "S1": 1}
    cleanup = {"cleanup": 1, "code": "c"}
    plan = masks_identity(networks={"dual_0": "a", "single_0": "b"}, cleanup=cleanup)
    assert plan == {"dual_0": "a", "cleanup": identity_digest(cleanup)}
    identity = vaegan_identity(config=config, patches=PATCHES, training=training, masks=plan, code="v")
    assert identity == json.loads(json.dumps(identity)), "JSON must give back what was written"
    assert masks_identity(networks={"dual_0": None}, cleanup=cleanup) is None
