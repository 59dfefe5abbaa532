"""Print errors in plain words, without what Snakemake puts around them (class, file, line, wildcards).

Settings whose YAML aliases multiply, at which Snakemake would hang, are refused before it reads them. Snakemake has no
setting for either, so two of its functions are replaced in this process.
"""

from collections.abc import Iterator
from functools import wraps
from pathlib import Path
from subprocess import CalledProcessError
from typing import Any

from snakemake import exceptions
from snakemake.exceptions import RuleException, WorkflowError
from snakemake.settings import types

from ichdag.jobs import StudyError
from ichdag.yaml_limits import check_settings_size, check_yaml_size

JOB_FAILED = "The job failed: its log says why, and what to do."


def print_plain_errors() -> None:
    """Replace how this process of Snakemake prints exceptions, and how it reads files of settings."""
    exceptions.format_exception_to_string = _with_plain_message(exceptions.format_exception_to_string)
    types.load_configfile = _with_size_check(types.load_configfile)


def plain_message(error: BaseException) -> str | None:
    """Return the message of a fault of the study or its settings; None for others, which Snakemake prints."""
    chain = list(_chain(error))
    faults = [str(cause) for cause in chain if isinstance(cause, StudyError)]
    if faults:
        return faults[0]
    if isinstance(error, RuleException) and any(isinstance(cause, CalledProcessError) for cause in chain):
        return JOB_FAILED
    plain = isinstance(error, WorkflowError) and error.rule is None and error.snakefile is None
    return str(error) if plain else None


def _with_plain_message(original: Any) -> Any:
    original = getattr(original, "__wrapped__", original)

    @wraps(original)
    def format_exception(error: BaseException, linemaps: Any = None) -> str:
        return plain_message(error) or original(error, linemaps)

    return format_exception


def _with_size_check(original: Any) -> Any:
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
