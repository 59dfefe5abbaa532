"""What a job runs on."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

CODE = "import sys; sys.path.insert(0, 'src'); {} from ichdag import machine; print(*machine.package_versions())"


def test_the_packages_that_a_process_uses_count_and_not_what_else_is_installed():
    used = {"": "python", "import numpy;": "python numpy", "import SimpleITK, pandas;": "python SimpleITK numpy pandas"}
    for head, expected in used.items():
        told = subprocess.run([sys.executable, "-c", CODE.format(head)], cwd=ROOT, capture_output=True, text=True)
        assert told.stdout.split() == expected.split()
