"""Compare radiomics of one lesion: pyradiomics on the whole scan, and ichdag, which filters only the voxels needed.

`make bench-radiomics`. The same parameter file, one thread, a process each; difference is the largest relative
difference of a feature, without missing ones; first-order features of LoG images below 1 HU are compared with 1 HU.
Time is that of the extraction, without imports; the last row is the imports of the job, against importing pyradiomics
alone.
`bench_radiomics.py NAME ...` measures the named cases.
"""

import logging
import sys

import numpy as np
import yaml
from _measure import ROOT, measured, report, tell

sys.path.insert(0, str(ROOT / "src"))

CASES = {  # matrix, voxel size (mm), lesion (mL), its middle (mm), number of parts
    "1 mL": ((512, 512, 32), (0.45, 0.45, 5.0), 1, (25, 10, 0), 1),
    "30 mL": ((512, 512, 32), (0.45, 0.45, 5.0), 30, (25, 10, 0), 1),
    "100 mL": ((512, 512, 32), (0.45, 0.45, 5.0), 100, (25, 10, 0), 1),
    "30 mL, isotropic": ((200, 220, 180), (1.0, 1.0, 1.0), 30, (25, 10, 0), 1),
    "30 mL, first slice": ((512, 512, 32), (0.45, 0.45, 5.0), 30, (10, 5, -78), 1),
    "30 mL, lobar": ((512, 512, 32), (0.45, 0.45, 5.0), 30, (60, 10, 0), 1),
    "30 mL, 3 parts": ((512, 512, 32), (0.45, 0.45, 5.0), 30, (40, 10, 0), 3),
}


def head(matrix, spacing, lesion_ml, middle, parts):
    """Return a noisy head with skull and air, with a lesion of some parts, and its mask."""
    from ichdag.images import Volume

    axes = [(np.arange(n) - n / 2) * step for n, step in zip(matrix, spacing, strict=True)]
    x, y, z = np.meshgrid(*axes, indexing="ij", sparse=True)
    distance = np.sqrt(x**2 + y**2 + (0.8 * z) ** 2)
    radius = (3 * lesion_ml / parts * 1000 / (4 * np.pi)) ** (1 / 3) * (1 + 0.15 * np.sin(x / 3) * np.cos(y / 4))
    places = [np.add(middle, np.multiply(part, (-38, 12, 8))) for part in range(parts)]
    mask = np.any([np.sqrt((x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2) < radius for a, b, c in places], axis=0)
    values = np.where(distance < 92, 32.0, np.where(distance < 99, 1100.0, -1000.0)).astype(np.float32)
    mask &= distance < 90
    values[mask] = 62
    values += np.random.default_rng(0).normal(0, 4, values.shape).astype(np.float32)
    values = np.asfortranarray(np.rint(values))  # as NIfTI files are read
    affine = np.diag([*spacing, 1.0])
    return Volume(values, affine), Volume(np.asfortranarray(mask), affine)


def ours(scan, mask):
    """Compute what the workflow computes; missing values as None."""
    from ichdag.radiomics.feature_extraction import RadiomicsSettings, extract_lesion

    config = yaml.safe_load((ROOT / "config/config.yaml").read_text("utf-8"))["radiomics"]
    options = {name: config[name] for name in ("drop_whole_image_diagnostics", "truncate_resampled")}
    settings = RadiomicsSettings(str(ROOT / config["parameters"]), **options)

    def work():
        extraction = extract_lesion(scan, mask=mask, settings=settings)
        return {name: None if name in extraction.missing else value for name, value in extraction.values.items()}

    return work


def peer(scan, mask):
    """Compute what pyradiomics computes by itself."""
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    from ichdag.radiomics.lesion_crop import to_sitk

    logging.getLogger("radiomics").setLevel(logging.ERROR)
    pair = to_sitk(scan), to_sitk(mask)
    del scan, mask

    def work():
        features = RadiomicsFeatureExtractor(str(ROOT / "config/radiomics.yaml")).execute(*pair)
        return {name: float(value) for name, value in features.items() if np.ndim(value) == 0 and "diag" not in name}

    return work


def imports(who):
    """Return a function that imports what the job imports, or pyradiomics alone."""

    def work():
        if who == "ours":
            import ichdag.images  # noqa: F401
            import ichdag.radiomics.feature_extraction  # noqa: F401
            import ichdag.records  # noqa: F401
        else:
            from radiomics import featureextractor  # noqa: F401
        return {}

    return work


def least(feature):
    """Return the smallest size that a difference of a feature is taken as part of."""
    return 1.0 if feature.startswith("log-sigma") and "_firstorder_" in feature else 1e-6


def rows(names):
    """One row a case, and the imports."""
    for name in [*names, "imports"]:
        mine, stock = (measured(__file__, who, name) for who in ("ours", "peer"))
        a, b = mine["result"], stock["result"]
        known = [feature for feature in b if a[feature] is not None]
        difference = max((abs(a[f] - b[f]) / max(abs(b[f]), least(f)) for f in known), default=0.0)
        label = f"{name}, {len(known)} of {len(b)} features" if b else name
        yield {
            "case": label,
            "ours_s": mine["seconds"],
            "peer_s": stock["seconds"],
            "ours_mib": mine["mib"],
            "peer_mib": stock["mib"],
            "difference": difference,
        }


if __name__ == "__main__":
    who, case = (sys.argv[1:] + ["", ""])[:2]
    if who in ("ours", "peer"):
        report(imports(who) if case == "imports" else {"ours": ours, "peer": peer}[who](*head(*CASES[case])))
    else:
        tell("radiomics", rows(sys.argv[1:] or CASES))
