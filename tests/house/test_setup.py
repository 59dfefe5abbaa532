"""Set-up says in one sentence what is in its way, before it installs anything."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

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


@pytest.fixture
def exposed(tmp_path, root):
    """The Python of an environment that has what this one has, and was set up to find the plug-ins."""
    folder = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin/python"
    place = subprocess.check_output([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True)
    (Path(place.strip()) / "others.pth").write_text(sysconfig.get_path("purelib"))
    subprocess.run([python, root / "requirements/expose.py"], check=True)
    return python


MERGED = "a0: &a0 {k: 1}\n" + "".join(
    f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}], k{n}: 1}}\n" for n in range(1, 12)
)
NESTED = "a0: &a0 {k: 1}\n" + "".join(
    f"a{n}: &a{n} {{{', '.join(f'k{i}: *a{n - 1}' for i in range(9))}}}\n" for n in range(1, 12)
)


@pytest.mark.parametrize("content", [MERGED, NESTED], ids=["merged", "nested"])
def test_every_start_of_snakemake_refuses_settings_that_multiply_before_it_reads_them(exposed, tmp_path, root, content):
    """As the README starts it: no PYTHONPATH, settings named by --configfile."""
    (tmp_path / "bomb.yaml").write_text(content)
    command = [exposed, "-m", "snakemake", "--snakefile", root / "Snakefile", "--directory", tmp_path / "study"]
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [*command, "--configfile", tmp_path / "bomb.yaml", "--dry-run"],
        env=clean,
        capture_output=True,
        text=True,
        timeout=20,
    )
    words = done.stdout + done.stderr
    assert done.returncode and "Traceback" not in words
    assert "holds more than 100000 values, or one within itself" in words


def test_a_plug_in_of_another_copy_of_the_code_lends_none_of_its_library(tmp_path, root):
    copy = tmp_path / "copy"
    for name in ("src", "workflow", "rules", "config", "resources"):
        shutil.copytree(root / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(root / "Snakefile", copy / "Snakefile")
    with (copy / "rules/common.smk").open("a") as rules:
        rules.write('\nprint("library", sys.modules["ichdag.jobs"].__file__, sys.modules["plain_errors"].__file__)\n')
    paths = os.pathsep.join(map(str, (root / "src", root / "workflow/progress")))
    command = [sys.executable, "-m", "snakemake", "--snakefile", copy / "Snakefile", "--directory", tmp_path / "study"]
    done = subprocess.run(
        [*command, "--dry-run"], env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, timeout=60
    )
    assert f"library {copy}/src/ichdag/jobs.py {copy}/workflow/plain_errors.py" in done.stdout + done.stderr
