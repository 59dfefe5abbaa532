"""Faults told in the project's own words: what Snakemake puts around them (class, file, line, wildcards) is left out.

Also what it would hang at is told: settings whose YAML aliases multiply are refused before Snakemake reads them.
"""

from collections.abc import Iterator
from functools import wraps
from pathlib import Path
from subprocess import CalledProcessError
from typing import Any

from ichdag.yaml_limits import check_settings_size, check_yaml_size
from snakemake import exceptions
from snakemake.exceptions import RuleException, WorkflowError
from snakemake.settings import types

from ichdag.jobs import StudyError

JOB_FAILED = "The job failed: its log says why, and what to do."


def tell_faults_plainly() -> None:
    """Mend how this process of Snakemake prints exceptions, and how it reads files of settings."""
    exceptions.format_exception_to_string = _in_own_words(exceptions.format_exception_to_string)
    types.load_configfile = _bounded(types.load_configfile)


def own_words(error: BaseException) -> str | None:
    """The words of a fault of the study or its settings; None for another exception, which Snakemake tells."""
    chain = list(_chain(error))
    faults = [str(one) for one in chain if isinstance(one, StudyError)]
    if faults:
        return faults[0]
    if isinstance(error, RuleException) and any(isinstance(one, CalledProcessError) for one in chain):
        return JOB_FAILED
    plain = isinstance(error, WorkflowError) and error.rule is None and error.snakefile is None
    return str(error) if plain else None


def _in_own_words(original: Any) -> Any:
    original = getattr(original, "__wrapped__", original)

    @wraps(original)
    def told(error: BaseException, linemaps: Any = None) -> str:
        return own_words(error) or original(error, linemaps)

    return told


def _bounded(original: Any) -> Any:
    original = getattr(original, "__wrapped__", original)

    @wraps(original)
    def load(path: Any) -> Any:
        try:
            check_yaml_size(Path(path).read_bytes(), path)
            return check_settings_size(original(path), path)
        except RecursionError as error:
            raise StudyError(f"{path} nests deeper than settings do: write it without") from error
        except (WorkflowError, ValueError, OSError) as error:
            raise StudyError(f"the settings in {path} cannot be read: {error}") from error

    return load


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        yield error
        seen.append(error)
        error = error.__cause__ or error.__context__
