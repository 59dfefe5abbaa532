"""Set-up says in one sentence what is in its way, before it installs anything."""

import os
import shutil
import subprocess
import sys

import pytest

TOOLS = ["bash", "dirname", "env", "ls", "mktemp", "rm", "mkdir", "touch", "grep", "tail"]


@pytest.fixture
def machine(tmp_path, root):
    """Run the set-up on a machine that has only the named commands and files; give its exit status and words."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for tool in TOOLS:
        (programs / tool).symlink_to(shutil.which(tool))

    def run(python=sys.executable, folder=None, **environment):
        (programs / "python3").write_text(f'#!{shutil.which("bash")}\n{python} "$@"\n')
        (programs / "python3").chmod(0o755)
        clean = {"PATH": str(programs), "HOME": str(tmp_path)} | environment
        command = ["bash", root / "requirements/install.sh", folder or tmp_path / "environment"]
        done = subprocess.run(command, env=clean, capture_output=True, text=True, timeout=60, cwd=tmp_path)
        return done.returncode, done.stderr.strip()

    return run


def is_one_sentence(words):
    return words.startswith("ichdag cannot be set up: ") and "\n" not in words and words.endswith(".")


def test_a_missing_compiler_is_said_at_once(machine, tmp_path):
    status, words = machine(CC="nonesuch-cc")
    assert status == 1 and is_one_sentence(words) and "C compiler 'nonesuch-cc'" in words
    assert not (tmp_path / "environment").exists()


def test_a_python_too_old_is_said_at_once(machine, tmp_path):
    old = tmp_path / "old"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    old.chmod(0o755)
    status, words = machine(python=old)
    assert status == 1 and is_one_sentence(words) and "Python 3.11 or later, and found Python 3.9.2" in words


def test_a_folder_that_is_no_environment_of_ours_is_left_alone(machine, tmp_path):
    if not any(shutil.which(name) for name in ("gcc", "cc", "clang")):
        pytest.skip("needs a C compiler")
    thesis = tmp_path / "thesis"
    thesis.mkdir()
    (thesis / "chapter.txt").write_text("years of work")
    compiler = shutil.which("gcc") or shutil.which("cc") or shutil.which("clang")
    status, words = machine(folder=thesis, CC=compiler)
    assert status == 1 and is_one_sentence(words) and str(thesis) in words
    assert (thesis / "chapter.txt").read_text() == "years of work"


def test_setting_up_again_is_asked_for_by_a_changed_pin_and_by_nothing_else(tmp_path, root):
    copy = tmp_path / "house"
    shutil.copytree(root / "requirements", copy / "requirements")
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy2(root / name, copy / name)
    (copy / ".venv").mkdir()
    (copy / ".venv/ready").touch()

    installs = "bash requirements/install.sh"
    plan = ["make", "-n", "setup"]
    assert installs not in subprocess.run(plan, cwd=copy, capture_output=True, text=True).stdout
    os.utime(copy / "requirements/lock.txt", (2**31, 2**31))
    assert installs in subprocess.run(plan, cwd=copy, capture_output=True, text=True).stdout
    (copy / ".venv/ready").unlink()
    assert installs in subprocess.run(plan, cwd=copy, capture_output=True, text=True).stdout
