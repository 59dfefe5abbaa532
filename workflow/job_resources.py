"""Memory and time of jobs: amounts that double with each attempt, and those of rules that state none."""

from collections.abc import Callable
from typing import Any

Amount = int | Callable[[], int]


def growing(**amounts: Amount) -> dict[str, Callable[[Any, int], int]]:
    """Resources that double with each attempt, for what is killed for want of memory or time.

    An amount is a number, or a function for what is known only once the sheet is read.
    """
    return {name: _doubled(amount) for name, amount in amounts.items()}


def set_default_resources(settings: Any, **amounts: int) -> None:
    """Let rules that state no resources have these, doubled with each attempt.

    They stand before the `default-resources` of a profile or the command line, which replace them one by one. They are
    expressions and no functions, for Snakemake hands only these on to the process that runs a job on a cluster.
    """
    from snakemake.resources import Resources  # other versions lack it, and are refused before this is asked for

    stated = settings.default_resources  # None where neither a profile nor the command line states any
    own = [f"{name}={amount} * 2 ** (attempt - 1)" for name, amount in amounts.items()]
    settings.default_resources = Resources.parse(
        [*own, *(stated.args if stated else [])],
        allow_expressions=True,
        defaults="full" if stated else "bare",
    )


def _doubled(amount: Amount) -> Callable[[Any, int], int]:
    return lambda wildcards, attempt: (amount() if callable(amount) else amount) * 2 ** (attempt - 1)
