"""What is in the repository, and what must not be."""

import re
import subprocess

import pytest

LARGEST_BYTES = 1_000_000
STRANGERS = [
    r"/work" + "/",
    r"/tmp" + "/v",
    "/home" + r"/\w",
    "/root" + "/",
    "pypi" + r"\.org",
    "python" + "hosted",
    "file:" + "//",
]


@pytest.fixture(scope="module")
def files(root):
    """Every file that is or would be committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [root / name for name in done.stdout.split("\0") if name and (root / name).is_file()]


def test_no_file_is_larger_than_a_megabyte(files):
    assert len(files) > 150
    assert {file.name: file.stat().st_size for file in files if file.stat().st_size > LARGEST_BYTES} == {}


def test_no_package_archive_or_weights_are_committed(files):
    assert not [file for file in files if file.suffix in {".whl", ".zip", ".gz", ".tar", ".pt", ".safetensors", ".h5"}]


def test_nothing_speaks_of_one_machine(files):
    for file in files:
        text = file.read_bytes().decode("utf-8", errors="ignore")
        for stranger in STRANGERS:
            assert not re.search(stranger, text), f"{file}: {stranger}"


def test_what_a_study_makes_is_not_committed(files, root):
    made = {"results", "ledger", "phantom", "logs", "demo", ".venv", ".snakemake"}
    assert not {file.relative_to(root).parts[0] for file in files} & made
    assert not [file for file in files if file.name.endswith((".nii.gz", ".nii", ".dcm", ".safetensors", ".skops"))]


def test_commands_that_documents_name_can_be_made(root):
    targets = set(re.findall(r"^([a-z-]+|(?:bench|simulate)-%):", (root / "Makefile").read_text("utf-8"), re.M))
    drivers = {file.stem.replace("_", "-") for file in (root / "benchmarks").glob("[a-z]*.py")}
    drivers |= {f"control-{file.stem}" for file in (root / "config/controls").glob("*.yaml")}
    named = set()
    for file in [*root.glob("*.md"), *(root / "docs").glob("*.md"), root / ".ci/run", root / "config/README.md"]:
        named |= set(re.findall(r"(?:`|^\s*|\" )make ([a-z][a-z-]*)", file.read_text("utf-8"), re.M))
    assert {"demo", "test", "lint"} <= named
    assert not named - targets - drivers


def test_ci_runs_the_commands_of_the_readme(root):
    readme, ci = ((root / name).read_text("utf-8") for name in ("README.md", ".ci/run"))
    for command in re.findall(r"^(make [a-z-]+)", readme, re.M):
        if not command.startswith("make bench"):
            assert command in ci, command
    assert "make demo" in readme and "make test" in readme


def test_every_benchmark_has_a_driver_and_every_driver_is_told_of(root):
    drivers = [file for kind in ("bench", "simulate") for file in (root / "benchmarks").glob(f"{kind}_*.py")]
    text = (root / "benchmarks" / "README.md").read_text("utf-8")
    assert drivers
    for driver in drivers:
        assert f"make {driver.stem.replace('_', '-')}" in text
