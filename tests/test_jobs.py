"""Files of a job appear whole or not at all, and the group can read them."""

import os
import stat

import pytest
import torch
from snakemake.iocontainers import Namedlist

from ichdag.jobs import files_of, whole_file, write_text
from ichdag.models import write_weights


def test_a_file_whose_writing_fails_leaves_the_one_before_and_nothing_beside_it(tmp_path):
    write_text("first", tmp_path / "folder/result.tsv")
    with pytest.raises(ZeroDivisionError), whole_file(tmp_path / "folder/result.tsv") as partial:
        partial.write_text("second")
        1 / 0  # noqa: B018
    assert [file.name for file in tmp_path.rglob("*")] == ["folder", "result.tsv"]
    assert (tmp_path / "folder/result.tsv").read_text() == "first"


def test_every_result_has_the_permissions_that_the_account_s_files_have(tmp_path):
    """safetensors keeps its files from the group, which shares the study."""
    (tmp_path / "plain").write_text("")
    write_weights({"weight": torch.ones(2)}, tmp_path / "weights.safetensors", identity={})
    write_text("", tmp_path / "result.tsv")
    umask = os.umask(0)
    os.umask(umask)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert set(modes.values()) == {0o666 & ~umask}, modes


def test_files_of_a_kind_are_told_by_the_rest_of_their_names_whatever_stands_between_them():
    files = Namedlist(fromdict={"model/svm/shape": "a", "cohort": "b", "model/svm/shape+vaegan": "c", "sub-copy": "d"})
    assert files_of(files, "model/svm/") == {"shape": "a", "shape+vaegan": "c"}
    assert files_of(files, "sub-") == {"copy": "d"} and files_of(files, "1/") == {}
