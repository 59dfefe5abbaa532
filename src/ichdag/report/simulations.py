"""Simulated coverage, size and power of intervals and tests of a cross-validation, which the methods quote."""

# From 1000 studies per case, five folds; after a change of the intervals repeat
# `python benchmarks/simulate_intervals.py 1000`. Values without and with a signal: coverage, size and power in percent,
# width relative to that of the other design.
SIMULATED = {
    "one cross-validation": {
        "coverage": ("96 to 98", "97 to 99.6"),
        "width": ("1.06 to 1.08", "1.06 to 1.46"),
        "size": ("2 to 4", "0 to 3"),
        "power": ("13 to 21", "15 to 35"),
    },
    "two repeats": {
        "coverage": ("95 to 98", "95 to 98"),
        "width": ("0.93 to 0.95", "0.69 to 0.94"),
        "size": ("5 to 9", "1 to 5"),
        "power": ("17 to 30", "18 to 67"),
    },
}
UNITS = {"coverage": "%", "width": "", "size": "%", "power": "%"}


def simulation_words(design: str) -> str:
    """Describe the simulated properties of intervals and paired tests for one design of cross-validation."""
    results = SIMULATED[design]
    other = next(name for name in SIMULATED if name != design)
    text = {
        name: f"{without_signal}{unit} and {with_signal}{unit}"
        for name, (without_signal, with_signal) in results.items()
        for unit in [UNITS[name]]
    }
    return (
        f"In simulations of {design} (AUC 0.5 to 0.8, 200 and 866 participants, five folds; without a signal, and with "
        f"one) 95% intervals contained the true AUC in {text['coverage']} of studies and were {text['width']} times as "
        f"wide as those of {other}. Tests at level 0.05 found a difference between equally good feature sets in "
        f"{text['size']} of studies, and a difference in AUC of 0.1 (866 participants: 0.05) in {text['power']}."
    )
