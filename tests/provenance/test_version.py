"""The version of the workflow follows from the tags of its repository, and is not needed to run it."""

import shutil
import subprocess

import pytest

from ichdag.provenance.version import UNKNOWN, WORKFLOW, _installed, workflow_version


@pytest.fixture
def clone(tmp_path):
    """A repository with one commit and the two files that make an archive carry its version."""
    folder = tmp_path / "clone"
    folder.mkdir()
    for name in (".gitattributes", ".git_archival.txt"):
        shutil.copy(WORKFLOW / name, folder)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--no-verify", "--message", "first")
    return folder


def git(folder, *arguments):
    identity = ["-c", "user.name=tester", "-c", "user.email=tester@example.org"]
    return subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, capture_output=True).stdout


def test_a_clone_has_the_version_of_its_tag_and_says_what_was_changed_since(clone):
    assert len(workflow_version(clone)) >= 7  # no tag yet: the commit
    git(clone, "tag", "v1.2.3")
    assert workflow_version(clone) == "v1.2.3"
    git(clone, "commit", "--quiet", "--no-verify", "--allow-empty", "--message", "second")
    assert workflow_version(clone).startswith("v1.2.3-1-g")
    (clone / ".gitattributes").write_text("")
    assert workflow_version(clone).endswith("-dirty")


def test_an_archive_has_the_version_that_git_wrote_into_it(clone, tmp_path):
    git(clone, "tag", "v1.2.3")
    (tmp_path / "archive.tar").write_bytes(git(clone, "archive", "HEAD"))
    shutil.unpack_archive(tmp_path / "archive.tar", tmp_path / "archive")
    assert workflow_version(tmp_path / "archive") == "v1.2.3"


def test_a_copy_without_repository_does_not_take_the_version_of_what_it_lies_in(clone):
    copy = clone / "copy"
    copy.mkdir()
    shutil.copy(clone / ".git_archival.txt", copy)
    assert workflow_version(copy) == (_installed() or UNKNOWN)


def test_a_machine_without_git_still_has_a_version(clone, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert workflow_version(clone) == (_installed() or UNKNOWN)
