"""The house as its rules files, scripts and modules stand on disk."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRAINED = {"weights": "safetensors", "card": "json", "curve": "tsv", "data": "tsv", "run": "json"}


@dataclass(frozen=True)
class Rule:
    """One rule as written: its file, name, number of lines, docstring, and the text of each directive."""

    file: Path
    name: str
    lines: int
    docstring: str
    directives: dict[str, str]

    @property
    def computes(self) -> bool:
        """Whether it runs anything, rather than being a name for a set of files."""
        return bool({"script", "shell", "run"} & set(self.directives))

    def paths(self, directive: str) -> list[str]:
        """The study's files named in a directive, as written."""
        text = re.sub(r'"\n\s+f?"', "", self.directives.get(directive, ""))  # strings that go on in the next line
        text = re.sub(r'trained_files\("([^"]+)"\)', lambda call: written_by_a_training(call[1]), text)
        text = re.sub(r'figure_files\("([^"]+)"[^)]*\)', lambda call: written_by_a_figure(call[1]), text)
        return re.findall(r'"((?:results|ledger|phantom)/[^"]*)"', text)


def written_by_a_training(folder: str) -> str:
    """The files that `trained_files` stands for, as a rule would write them."""
    return " ".join(f'"{folder}/{name}.{kind}"' for name, kind in TRAINED.items())


def written_by_a_figure(name: str) -> str:
    """The files that `figure_files` stands for, as a rule would write them."""
    return " ".join(f'"results/figures/{name}.{kind}"' for kind in ("svg", "png", "tsv"))


def rules_in(file: Path) -> list[Rule]:
    """The rules of one file, as snakefmt lays them out."""
    found = []
    for match in re.finditer(r"^(?:rule|checkpoint) (\w+):\n((?:[ \t].*\n|\n)+)", file.read_text("utf-8"), re.M):
        name, body = match[1], match[2].rstrip("\n")
        docstring = re.match(r'\s*"""(.*?)"""', body, re.S)
        parts = re.split(r"^    (\w+):", body, flags=re.M)
        directives = dict(zip(parts[1::2], parts[2::2], strict=True))
        found.append(Rule(file, name, body.count("\n") + 2, docstring[1] if docstring else "", directives))
    return found


@pytest.fixture(scope="session")
def root():
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def rule_files():
    """The rules files in the order of the Snakefile."""
    names = re.findall(r'^include: "(rules/\w+\.smk)"', (ROOT / "Snakefile").read_text("utf-8"), re.M)
    return [ROOT / name for name in names]


@pytest.fixture(scope="session")
def rules(rule_files):
    """Every rule of the workflow."""
    return [rule for file in [*rule_files, ROOT / "Snakefile"] for rule in rules_in(file)]


@pytest.fixture(scope="session")
def modules():
    """Every module of the package, by dotted name."""
    source = ROOT / "src"
    files = sorted(source.rglob("*.py"))
    return {".".join(file.relative_to(source).with_suffix("").parts).removesuffix(".__init__"): file for file in files}
