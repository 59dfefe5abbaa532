"""What a cluster must have before the first job: `python workflow/cluster/check.py PROFILE STUDY`.

Asks SLURM itself, and names the setting to change for each thing that is not there.
"""

import contextlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

SLURM = ("sbatch", "squeue", "scancel", "sinfo")
ENOUGH_FREE_GIB = 1
RULES = Path(__file__).parents[2] / "rules"


def ask(*command: str) -> tuple[int, str]:
    """Exit status and words of a command."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, (done.stdout + done.stderr).strip()


def resources_of(profile: dict) -> dict[str, dict]:
    """Resources by rule; the defaults stand under '' ."""
    stated = {"": profile.get("default-resources", {}), **profile.get("set-resources", {})}
    return {rule: dict(item.split("=", 1) for item in part) if isinstance(part, list) else part
            for rule, part in stated.items()}  # fmt: skip


def rules_with_gpu() -> set[str]:
    """Return the rules that state gpu=1."""
    texts = [file.read_text(encoding="utf-8") for file in RULES.glob("*.smk")]
    rules = [rule for text in texts for rule in re.findall(r"^rule (\w+):\n((?:[ \t].*\n|\n)+)", text, re.M)]
    return {name for name, body in rules if re.search(r"\bgpu=1\b", body)}


def devices_by_partition() -> dict[str, str]:
    """Return the countable devices (GPUs) of each partition. Raises RuntimeError if SLURM does not answer."""
    status, words = ask("sinfo", "-h", "-o", "%R|%G")
    if status:
        raise RuntimeError(f"SLURM does not answer ({words.splitlines()[-1]}): is this a login node of the cluster?")
    devices: dict[str, str] = {}
    for line in words.splitlines():
        name, _, device = line.partition("|")
        devices[name] = devices.get(name, "") + device
    return devices


def partition_faults(profile: dict, file: Path) -> Iterator[str]:
    """Partitions that are not there, and partitions without a GPU that rules with gpu=1 are sent to."""
    devices = devices_by_partition()
    wanting = rules_with_gpu()
    resources = resources_of(profile)
    for rule, own in resources.items():
        where = f"set-resources: {rule}" if rule else "default-resources"
        for partition in filter(None, str(own.get("slurm_partition", "")).split(",")):
            if partition not in devices:
                cure = f"change slurm_partition under {where} in {file}"
                yield f"there is no partition '{partition}' here (there are {', '.join(devices)}): {cure}"
    for rule in sorted(wanting):
        own = resources[""] | resources.get(rule, {})
        partitions = [name for name in str(own.get("slurm_partition", "")).split(",") if name in devices]
        if own.get("gpu", 1) and partitions and not any("gpu" in devices[name] for name in partitions):
            yield (
                f"partition '{partitions[0]}' has no GPU, and {rule} asks for one: change slurm_partition under "
                f"set-resources: {rule} in {file}, or set gpu: 0 there to compute on CPUs (slow)"
            )


def account_faults(profile: dict, file: Path) -> Iterator[str]:
    """Yield a fault if the user is not in the account, on a cluster that has accounts."""
    account = resources_of(profile)[""].get("slurm_account")
    if not account or profile.get("slurm-no-account"):
        return
    status, words = ask("sacctmgr", "-n", "-s", "list", "user", ask("id", "-un")[1], "format=account%256")
    known = sorted({line.strip() for line in words.splitlines() if line.strip()})
    if status and "accounting_storage/slurmdbd" in ask("scontrol", "show", "config")[1]:
        yield (
            f"the cluster's accounting database does not answer, and jobs of the account '{account}' cannot be "
            f"submitted: wait for it, or write 'slurm-no-account: true' into {file} to submit without an account"
        )
    elif status:
        yield (
            f"this cluster keeps no accounts ('sacctmgr' fails): write 'slurm-no-account: true' into {file} and remove "
            "slurm_account there"
        )
    elif known and account.lower() not in known:
        yield f"you are not in the account '{account}' (you are in {', '.join(known)}): change slurm_account in {file}"


def space_faults(study: Path) -> Iterator[str]:
    """Yield a fault if the disk is nearly full, or if the folder cannot be written to."""
    free = shutil.disk_usage(study).free / 2**30
    if free < ENOUGH_FREE_GIB:
        yield f"{free:.1f} GiB are free where {study} lies: make space, or put the study elsewhere (--directory)"
    probe = study / f".probe-{study.stat().st_ino}"
    try:
        probe.write_bytes(b"x" * 65536)
    except OSError as error:
        yield (
            f"{study} cannot be written to ({error.strerror}): mend quota or permissions, or put the study elsewhere "
            "(--directory)"
        )
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()


def faults(folder: Path, study: Path) -> Iterator[str]:
    """Everything that is in the way of a run on this cluster."""
    file = folder / "config.yaml"
    profile = yaml.safe_load(file.read_text(encoding="utf-8"))
    yield from space_faults(study)
    missing = [name for name in SLURM if not shutil.which(name)]
    if missing:
        yield (
            f"SLURM's client is not here ({', '.join(missing)} not found): log in to the cluster, load its module, or "
            "run on this machine with --profile profiles/local"
        )
        return
    try:
        yield from partition_faults(profile, file)
        yield from account_faults(profile, file)
    except RuntimeError as error:
        yield str(error)


if __name__ == "__main__":
    faults_of_profile = list(faults(Path(sys.argv[1]), Path(sys.argv[2])))
    if faults_of_profile:
        numbered = [f"  {number}. {fault}" for number, fault in enumerate(faults_of_profile, 1)]
        sys.exit("\n".join(["The study was not started:", *numbered]))
