"""A small study with settings of its own, copied, edited and run, and a second one from nothing to compare it with."""

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import yaml
from originals import draw_originals
from tiny import ROOT, Study

HERE = Path(__file__).parent
# What a user may change, and what a study must remember: all that a study from nothing is given.
GIVEN = ("participants.tsv", "config.yaml", "radiomics.yaml", "originals", "ledger")
# All that is compared hangs on these; drawing figures and pages would take as long again.
TARGETS = [
    "results/cohort/sensitivity.tsv",
    "results/segmentation/scores.tsv",
    "results/radiomics/features.parquet",
    *(f"results/evaluation/{name}.tsv" for name in ("metrics", "best", "calibration", "decision")),
    *(f"results/statistics/{name}.tsv" for name in ("table1", "shapiro", "friedman", "wilcoxon", "delong")),
    *(f"results/statistics/{name}.tsv" for name in ("nadeau_bengio", "sex")),
    *(f"results/explanation/{name}.tsv" for name in ("shap", "components")),
    "results/prediction/predictions.tsv",
]


def small_settings():
    """The shipped settings under those of small.yaml, whose outcomes stand alone."""
    own = yaml.safe_load((HERE / "small.yaml").read_text("utf-8"))
    whole = yaml.safe_load((ROOT / "config/config.yaml").read_text("utf-8"))
    return overlaid(whole | {"outcomes": {}}, own)


def overlaid(settings, changes):
    """Settings with some changed, at every depth."""
    found = dict(settings)
    for name, value in changes.items():
        found[name] = overlaid(found.get(name, {}), value) if isinstance(value, dict) else value
    return found


@dataclass(frozen=True)
class SmallStudy(Study):
    """A study with whole settings in its own config.yaml: an overlay could take no outcome away."""

    seconds: int = 3600

    @property
    def configuration(self):
        """The arguments that name the settings."""
        return "--replace-workflow-config", "--configfile", self.folder / "config.yaml"

    def command(self, *arguments):
        """Snakemake on as many cores as CORES says."""
        return super().command("--cores", os.environ.get("CORES", "2"), *arguments)

    def drawn(self):
        """The study before its first run: originals, sheet and settings."""
        draw_originals(self.folder)
        shutil.copy(HERE / "radiomics.yaml", self.folder)
        self.write_settings(small_settings())
        return self

    def finished(self, *targets):
        """The study, run to its end."""
        return self.run(*(targets or TARGETS))

    def left(self, *targets):
        """The jobs that another run would do."""
        return dict(self.planned("--", *(targets or TARGETS)))

    def settings(self):
        """All settings."""
        return yaml.safe_load((self.folder / "config.yaml").read_text("utf-8"))

    def write_settings(self, settings):
        """Write all settings."""
        (self.folder / "config.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), "utf-8")

    def set(self, **changes):
        """Change some settings."""
        self.write_settings(overlaid(self.settings(), changes))

    def copied(self, folder):
        """A copy of the study, times of files kept."""
        return replace(self, folder=shutil.copytree(self.folder, folder, copy_function=shutil.copy2, symlinks=True))

    def from_nothing(self, folder):
        """A new study with the same originals, sheet, settings and ledger, and nothing else."""
        folder.mkdir()
        for name in GIVEN:
            if (self.folder / name).is_dir():
                shutil.copytree(self.folder / name, folder / name, copy_function=shutil.copy2)
            else:
                shutil.copy2(self.folder / name, folder)
        return replace(self, folder=folder)
