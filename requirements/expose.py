"""Let every Snakemake of an environment find this project's plug-ins, said with that environment's Python.

Snakemake looks for plug-ins before it reads any settings. Ours has settings refused that would hang it, and faults told
in plain words; `--logger progress` and `--logger plan` are there without PYTHONPATH.
"""

import sysconfig
from pathlib import Path

if __name__ == "__main__":
    plugins = Path(__file__).resolve().parents[1] / "workflow" / "progress"
    Path(sysconfig.get_path("purelib"), "ichdag.pth").write_text(f"{plugins}\n", encoding="utf-8")
