"""Print the digest of each script that is named, one a line: `python -m ichdag.provenance workflow/scripts/*.py`."""

import sys
from pathlib import Path

from ichdag.provenance import code_digest

for script in map(Path, sys.argv[1:]):
    print(code_digest(script), script.stem, sep="\t")
