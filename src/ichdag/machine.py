"""What a job runs on: the host, Python, and every package whose numbers end up in a result."""

import importlib.metadata
import platform

PACKAGES = ["torch", "monai", "pyradiomics", "SimpleITK", "scikit-learn", "xgboost-cpu", "xgboost", "numpy", "pandas"]


def versions() -> dict[str, str]:
    """The versions of Python and of every package whose numbers end up in a result."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def host() -> str:
    """The name of this machine."""
    return platform.node() or "unknown"
