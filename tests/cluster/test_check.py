"""What is in the way of a run is said before the first job, each time with what to change. No SLURM is needed here."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ANSWERS = {"sinfo": "cpu|(null)\ngpu|gpu:a100:4(S:0-1)", "sacctmgr": "my_account", "id": "somebody", "scontrol": ""}
DOWN = "fails: Connection refused"


@pytest.fixture
def said(tmp_path):
    """What check.py says of profiles/slurm with a change, on a machine whose SLURM commands answer as given."""
    (study := tmp_path / "study").mkdir()
    (programs := tmp_path / "bin").mkdir()

    def check(change=None, client=("sbatch", "squeue", "scancel", "sinfo"), **answers):
        for name, words in (dict.fromkeys(client, "") | ANSWERS | answers).items():
            if name in client or name not in ("sbatch", "squeue", "scancel", "sinfo"):
                program = programs / name
                program.write_text(f"#!/bin/sh\necho '{words}'\nexit {int(words.startswith('fails'))}\n")
                program.chmod(0o755)
        settings = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text("utf-8"))
        for section, value in (change or {}).items():
            settings[section] = settings[section] | value if isinstance(value, dict) else value
        (tmp_path / "config.yaml").write_text(yaml.safe_dump(settings))
        command = [sys.executable, ROOT / "workflow/cluster/check.py", tmp_path, study]
        done = subprocess.run(command, env=os.environ | {"PATH": str(programs)}, capture_output=True, text=True)
        assert bool(done.stderr) is bool(done.returncode)
        return done.stderr

    return check


def test_the_shipped_profile_is_right_where_its_account_and_partitions_are(said):
    assert said() == ""


def test_without_a_client_of_slurm_the_local_profile_is_named(said):
    words = said(client=())
    assert "sbatch, squeue, scancel, sinfo not found" in words and "--profile profiles/local" in words
    assert words.count("\n") == 2, "one message and its heading"


def test_a_slurm_that_does_not_answer_is_said(said):
    assert "SLURM does not answer (fails: Connection refused)" in said(sinfo=DOWN)


def test_a_partition_that_does_not_exist_is_named_with_those_that_do(said):
    words = said({"default-resources": {"slurm_account": "my_account", "slurm_partition": "short"}})
    assert "there is no partition 'short' here (there are cpu, gpu): change slurm_partition under default-" in words


def test_a_gpu_asked_for_where_none_is_names_rule_and_setting(said):
    words = said({"set-resources": {"train_network": {"slurm_partition": "cpu"}}})
    assert "partition 'cpu' has no GPU, and train_network asks for one: change slurm_partition under" in words
    assert "set gpu: 0 there" in words and "train_vaegan" not in words


def test_a_rule_set_to_no_gpu_may_go_anywhere(said):
    assert said({"set-resources": {"train_network": {"slurm_partition": "cpu", "gpu": 0}}}) == ""


def test_an_account_one_is_not_in_is_named_with_those_one_is_in(said):
    assert "you are not in the account 'my_account' (you are in theirs): change slurm_account" in said(
        sacctmgr="theirs"
    )


def test_a_cluster_without_accounts_is_told_from_one_whose_accounting_is_down(said):
    assert "keeps no accounts" in said(sacctmgr=DOWN)
    words = said(sacctmgr=DOWN, scontrol="AccountingStorageType = accounting_storage/slurmdbd")
    assert "accounting database does not answer" in words and "slurm-no-account: true" in words
    assert said({"slurm-no-account": True}, sacctmgr=DOWN) == ""


@pytest.mark.parametrize(
    ("fault", "words"),
    [(errno.EDQUOT, "Disk quota exceeded"), (errno.ENOSPC, "No space left"), (errno.EROFS, "Read-only")],
)
def test_a_study_that_cannot_be_written_names_quota_and_the_other_place(monkeypatch, tmp_path, fault, words):
    monkeypatch.syspath_prepend(ROOT / "workflow/cluster")
    import check

    def refuse(*_):
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr(Path, "write_bytes", refuse)
    (said,) = check.space_faults(tmp_path)
    assert words in said and "mend quota or permissions, or put the study elsewhere (--directory)" in said
