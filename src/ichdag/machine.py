"""What a job runs on: the host, Python, and every package whose numbers end up in a result."""

import importlib.metadata
import platform
import sys
from contextlib import suppress

# Packages by the module that they are imported as.
MODULES = {
    "torch": ["torch"],
    "monai": ["monai"],
    "radiomics": ["pyradiomics"],
    "SimpleITK": ["SimpleITK"],
    "sklearn": ["scikit-learn"],
    "xgboost": ["xgboost-cpu", "xgboost"],
    "numpy": ["numpy"],
    "pandas": ["pandas"],
}


def package_versions() -> dict[str, str]:
    """The versions of Python and of every package that this process uses and whose numbers end up in a result.

    What else is installed does not count: a stage's own environment and one for all stages leave the same cards.
    """
    found = {"python": platform.python_version()}
    for package in (package for module, packages in MODULES.items() if _is_used(module) for package in packages):
        with suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


def _is_used(module: str) -> bool:
    """Whether a module is imported; scikit-learn by this project, for MONAI imports it where it is installed."""
    if module != "sklearn" or module not in sys.modules:
        return module in sys.modules
    own = [vars(one).values() for name, one in sys.modules.items() if name.startswith("ichdag.")]
    return any(str(getattr(value, "__module__", None)).startswith("sklearn.") for values in own for value in [*values])


def host_name() -> str:
    """The name of this machine."""
    return platform.node() or "unknown"
