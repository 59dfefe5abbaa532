"""The version of the workflow, which follows from the tags of its repository."""

import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

WORKFLOW = Path(__file__).parents[3]
UNKNOWN = "unknown"


def workflow_version(folder: Path = WORKFLOW) -> str:
    """Return the version of the workflow in a folder, such as v0.1.0, or v0.1.0-3-g1a2b3c4 three commits later.

    A clone has it from `git describe`, an archive that was downloaded from `.git_archival.txt`, which git fills in when
    it makes the archive, and a package that pip installed from its metadata. A copy without any of them is `unknown`.
    """
    return _described(folder) or _archived(folder / ".git_archival.txt") or _installed() or UNKNOWN


def _described(folder: Path) -> str:
    """Return what git says of a clone; nothing if the folder is none, or lies in the repository of something else."""
    if not (folder / ".git").exists():
        return ""
    command = ["git", "--no-optional-locks", f"--git-dir={folder / '.git'}", f"--work-tree={folder}"]
    try:
        run = subprocess.run([*command, "describe", "--tags", "--always", "--dirty"], capture_output=True, text=True)
    except OSError:  # git is not installed
        return ""
    return run.stdout.strip()


def _archived(file: Path) -> str:
    """Return what git wrote into an archive; nothing if its placeholders are still there."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    fields = dict(line.split(": ", 1) for line in lines if ": " in line and "$" not in line)
    return fields.get("describe-name") or fields.get("node", "")


def _installed() -> str:
    """Return the version of the package that pip installed, nothing if it did not."""
    try:
        return version("ichdag")
    except PackageNotFoundError:
        return ""
