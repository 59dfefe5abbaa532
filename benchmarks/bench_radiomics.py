"""Radiomics of one lesion: stock pyradiomics on the whole scan against ichdag's, which crops before it filters.

`make bench-radiomics`. The same parameter file, one thread, a process each; difference is the largest relative
difference of a feature. Time is that of the extraction, without imports.
"""

import logging
import sys

import numpy as np
import yaml
from _measure import ROOT, measured, report, tell

sys.path.insert(0, str(ROOT / "src"))

from ichdag.images import Volume  # noqa: E402
from ichdag.radiomics import Settings, extract  # noqa: E402

CASES = [(256, 24, 10), (512, 32, 3), (512, 32, 15), (512, 32, 60)]  # in-plane matrix, slices, lesion in mL
FIELD_OF_VIEW_MM, SLICE_MM = 230, 5


def head(matrix: int, slices: int, lesion_ml: float) -> tuple[Volume, Volume]:
    """A noisy head with a lesion near the brain's middle, and its mask."""
    spacing = np.array([FIELD_OF_VIEW_MM / matrix, FIELD_OF_VIEW_MM / matrix, SLICE_MM])
    shape = np.array([matrix, matrix, slices])
    axes = [(np.arange(n) - n / 2) * step for n, step in zip(shape, spacing, strict=True)]
    x, y, z = np.meshgrid(*axes, indexing="ij", sparse=True)
    distance = np.sqrt(x**2 + y**2 + z**2)
    radius = (3 * lesion_ml * 1000 / (4 * np.pi)) ** (1 / 3)
    wobble = 1 + 0.15 * np.sin(x / 3) * np.cos(y / 4)
    mask = np.sqrt((x - 25) ** 2 + (y - 10) ** 2 + z**2) < radius * wobble
    values = np.where(distance < 95, 32.0, np.where(distance < 102, 900.0, -1000.0)).astype(np.float32)
    values[mask] = 62
    values += np.random.default_rng(0).normal(0, 4, values.shape).astype(np.float32)
    affine = np.diag([*spacing, 1.0])
    return Volume(np.rint(values), affine), Volume(mask, affine)


def ours(scan: Volume, mask: Volume) -> dict[str, float]:
    """What the workflow computes."""
    settings = yaml.safe_load((ROOT / "config/config.yaml").read_text("utf-8"))["radiomics"]
    settings["parameters"] = str(ROOT / settings["parameters"])
    return extract(scan, mask=mask, settings=Settings(**settings))


def peer(scan: Volume, mask: Volume) -> dict[str, float]:
    """What pyradiomics computes by itself."""
    import SimpleITK
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    logging.getLogger("radiomics").setLevel(logging.ERROR)
    images = []
    for values in (scan.values, mask.values.astype(np.uint8)):
        image = SimpleITK.GetImageFromArray(values.transpose(2, 1, 0))
        image.SetSpacing(scan.spacing_mm.tolist())
        images.append(image)
    found = RadiomicsFeatureExtractor(str(ROOT / "config/radiomics.yaml")).execute(*images)
    return {name: float(value) for name, value in found.items() if not name.startswith("diagnostics")}


def rows():
    """One row a case."""
    for case in CASES:
        mine, stock = (measured(__file__, who, *case) for who in ("ours", "peer"))
        a, b = mine["result"], stock["result"]
        difference = max(abs(a[name] - b[name]) / max(abs(b[name]), 1e-6) for name in b)
        yield {
            "case": f"{case[0]} x {case[0]} x {case[1]}, {case[2]} mL, {len(b)} features",
            "ours_s": mine["seconds"],
            "peer_s": stock["seconds"],
            "ours_mib": mine["mib"],
            "peer_mib": stock["mib"],
            "difference": difference,
        }


if __name__ == "__main__":
    if len(sys.argv) > 1:
        pair = head(*map(int, sys.argv[2:]))
        report(lambda: {"ours": ours, "peer": peer}[sys.argv[1]](*pair))
    else:
        tell("radiomics", rows())
