"""Digests of the code that a result depends on, settings in a fixed order, and PYTHONPATH for jobs."""

import hashlib
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ichdag.jobs import StudyError
from ichdag.provenance.digests import Package
from ichdag.provenance.name_resolver import PACKAGE
from ichdag.records import read_yaml
from ichdag.start_cache import start_cache


def set_pythonpath_for_jobs() -> None:
    """Set PYTHONPATH so that jobs can import this package in whichever environment they run.

    The package is not installed in conda environments of rules: a job must run the code of this workflow, and no other.
    """
    folder, known = str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")
    if folder not in known.split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [folder, known]))


def order_settings(config: dict[str, Any], *, like: str | Path) -> None:
    """Put the keys of a configuration, in place and at every depth, in the order of a YAML file; others after them.

    Snakemake compares settings as text, and an overlay's keys come first: without this, naming one setting of a stage
    in a file of one's own would rerun all that reads the stage's others.
    """
    ordered = _in_order(config, read_yaml(like))
    config.clear()
    config.update(ordered)


def settings_of(config: Mapping[str, Any], stage: str, *names: str) -> dict[str, Any]:
    """Select the settings of a stage that a rule's code reads, by name. Raises StudyError for an unknown name."""
    strangers = [name for name in names if name not in config[stage]]
    if strangers:
        raise StudyError(f"config {stage} has no {', '.join(strangers)}: a rule asks for it")
    return {name: config[stage][name] for name in names}


def _in_order(value: Any, like: Any) -> Any:
    if not isinstance(value, dict):
        return value
    known = like if isinstance(like, dict) else {}
    names = [*(name for name in known if name in value), *(name for name in value if name not in known)]
    return {name: _in_order(value[name], known.get(name)) for name in names}


@cache
def code_digest(script: str | Path) -> str:
    """Return the digest of a script and of all code of this package that it reaches, by definition.

    What cannot change a result does not change the digest: see `digests`.
    """
    content = hashlib.sha256(Path(script).read_bytes()).hexdigest()
    return start_cache().get(f"script {content}", lambda: _package().digest_of_script(Path(script)))


@cache
def definitions_digest(*dotted_names: str) -> str:
    """Return the digest of definitions of this package, by their full names, and of all code that they reach.

    It tells which code a checkpoint was made with:
    `definitions_digest("ichdag.segmentation.training.train_network")`. Classes
    of a function's arguments are not reached by it: name them too, or what makes them. Raises ValueError for a name
    that does not exist.
    """
    return start_cache().get(f"definitions {' '.join(dotted_names)}", lambda: _package().digest_of(dotted_names))


@cache
def _package() -> Package:
    return Package()
