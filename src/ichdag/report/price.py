"""What intervals and tests of a cross-validation cost, by simulations: the numbers that the methods quote."""

# Of benchmarks/README.md, five folds: repeat `make simulate-intervals` after a change of the intervals. Each without a
# signal, and with one: coverage, size and power in percent, width over that of the other way.
PRICE = {
    "one cross-validation": {
        "coverage": ("96 to 97", "96 to 99.5"),
        "width": ("1.06 to 1.08", "1.06 to 1.47"),
        "size": ("2 to 4", "0 to 4"),
        "power": ("7 to 19", "14 to 37"),
    },
    "two repeats": {
        "coverage": ("95 to 98", "94.5 to 97"),
        "width": ("0.93 to 0.94", "0.68 to 0.94"),
        "size": ("4 to 7", "2 to 6"),
        "power": ("10 to 32", "15 to 72"),
    },
}
UNITS = {"coverage": "%", "width": "", "size": "%", "power": "%"}


def price_words(way: str) -> str:
    """What simulations say of the intervals and paired tests of one way of cross-validation."""
    found, other = PRICE[way], next(name for name in PRICE if name != way)
    told = {name: f"{none}{unit} and {some}{unit}" for name, (none, some) in found.items() for unit in [UNITS[name]]}
    return (
        f"In simulations of {way} (AUC 0.5 to 0.8, 200 and 866 participants, five folds; without a signal, and with "
        f"one) 95% intervals held the AUC in {told['coverage']} of studies, {told['width']} times as wide as those of "
        f"{other}; tests at 0.05 told equally good feature sets apart in {told['size']}, and a set whose AUC is better "
        f"by 0.1 (866 participants: by 0.05) in {told['power']}."
    )
