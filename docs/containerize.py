"""Write envs/apptainer.def: the recipe of an image that holds every environment of envs/.

`python docs/containerize.py` writes it, `python docs/containerize.py --check` fails if it is not in step. It is what
`snakemake --containerize apptainer` says, with the post-deploy scripts that it leaves out.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
RECIPE = ROOT / "envs/apptainer.def"
CONDA = ROOT / "tests/environments/conda/bin"  # stands in where there is no conda: it is asked for its platform only

LICENSE = """
# ichdag is under MIT. The image also holds packages of others, each under its own license (conda-meta/ of each
# environment names them); pingouin, of envs/statistics.yaml, is under GPL-3.0: the image is passed on under it.
%labels
    org.opencontainers.image.licenses GPL-3.0-only
"""


def of_snakemake() -> str:
    """Return the recipe as Snakemake writes it. Its target needs no participants."""
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "phantom",
        "--containerize",
        "apptainer",
        "--workflow-profile",
        "none",
    ]
    environment = os.environ | {"PATH": os.pathsep.join([os.environ["PATH"], str(CONDA)])}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def with_scripts(recipe: str) -> str:
    """Return the recipe with the post-deploy script of each environment that has one, copied and run as conda would."""
    for name, prefix in re.findall(r"^#   source: (\S+)\.yaml\n#   prefix: (\S+)$", recipe, re.M):
        script, made = f"{name}.post-deploy.sh", f"--file {prefix}/environment.yaml\n"
        if (ROOT / script).exists():
            copied = f"    {name}.yaml {prefix}/environment.yaml\n"
            recipe = recipe.replace(copied, f"{copied}    {script} {prefix}/post-deploy.sh\n")
            recipe = recipe.replace(made, f"{made}    conda run --prefix {prefix} bash {prefix}/post-deploy.sh\n")
    return recipe


if __name__ == "__main__":
    wanted = with_scripts(of_snakemake()).rstrip() + "\n" + LICENSE
    if "--check" not in sys.argv[1:]:
        RECIPE.write_text(wanted, encoding="utf-8")
        print(f"Written: {RECIPE.relative_to(ROOT)}")
    elif not RECIPE.exists() or RECIPE.read_text(encoding="utf-8") != wanted:
        sys.exit(f"{RECIPE.relative_to(ROOT)} is not in step with envs/: say make docs")
