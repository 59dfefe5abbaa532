"""Describe what a job runs on: the host, Python, and every package whose numbers end up in a result."""

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
    """Return the versions of Python and of every package that this process uses and whose numbers end up in a result.

    What else is installed does not count: a stage's own environment and one for all stages leave the same cards.
    """
    numbers = {"python": platform.python_version()}
    for package in (package for module, packages in MODULES.items() if _is_used(module) for package in packages):
        with suppress(importlib.metadata.PackageNotFoundError):
            numbers[package] = importlib.metadata.version(package)
    return numbers


def _is_used(module: str) -> bool:
    """Tell whether a module is imported, scikit-learn by this package itself."""
    if module == "sklearn":
        return _is_sklearn_imported_by_this_package()
    return module in sys.modules


def _is_sklearn_imported_by_this_package() -> bool:
    """Tell whether a module of this package holds something of scikit-learn.

    That it is in `sys.modules` says nothing: MONAI imports it wherever it is installed, and the versions on a card
    must not depend on what else an environment holds.
    """
    own = [vars(module).values() for name, module in sys.modules.items() if name.startswith("ichdag.")]
    return any(str(getattr(value, "__module__", None)).startswith("sklearn.") for values in own for value in [*values])


def host_name() -> str:
    """Return the name of this machine."""
    return platform.node() or "unknown"
