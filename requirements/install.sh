#!/usr/bin/env bash
# Make the environment from nothing: requirements/install.sh FOLDER. Needs Python 3.11 or later and a C compiler.
# What is in the way is said in one sentence before anything is installed. FOLDER/ready is written last.
set -euo pipefail
unset PYTHONDONTWRITEBYTECODE # compiled modules are kept: each of some hundred jobs would compile torch again
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:?usage: requirements/install.sh FOLDER}

# An environment is never made by its own interpreter, which `--clear` would remove under its feet.
if [ -d "$folder/bin" ]; then
    PATH=":$PATH:"
    for own in "$(cd "$folder/bin" && pwd)" "$(cd "$folder/bin" && pwd -P)"; do PATH=${PATH//":$own:"/:}; done
    PATH=${PATH#:} && PATH=${PATH%:}
fi

refuse() {
    echo "ichdag cannot be set up: $1" >&2
    exit 1
}

recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

python=
for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
    if recent "$candidate"; then python=$candidate && break; fi
done
[ -n "$python" ] || refuse "it needs Python 3.11 or later, and found $({ ${PYTHON:-python3} --version || echo none; } \
    2>/dev/null); install one, or name it: make setup PYTHON=/path/to/python3."

compiler=${CC:-$("$python" -c 'import sysconfig; print(sysconfig.get_config_var("CC") or "cc")')}
command -v "${compiler%% *}" >/dev/null || refuse "pyradiomics is compiled on your machine and there is no C compiler \
'${compiler%% *}'; install one (Debian and Ubuntu: package build-essential) or name yours: make setup CC=/path/to/cc."
headers=$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
[ -e "$headers/Python.h" ] || refuse "pyradiomics is compiled on your machine and Python.h is not in $headers; install \
Python's headers (Debian and Ubuntu: package python3-dev)."
"$python" -c 'import ensurepip, venv' 2>/dev/null || refuse "$python lacks the module venv; install it (Debian and \
Ubuntu: package python3-venv)."
[ ! -e "$folder" ] || [ -e "$folder/.ichdag" ] || [ -z "$(ls -A "$folder")" ] || refuse "$folder is there and was not \
made by this set-up; move it away or choose another: make setup VENV=folder."

rm -rf "$folder" # what an interrupted or older set-up left is not built upon
mkdir -p "$folder"
touch "$folder/.ichdag"
log=$(mktemp) && pyradiomics=$(mktemp)
trap 'rm -f "$log" "$pyradiomics"' EXIT

step() { # step SENTENCE COMMAND...: one line, how long it took, and the whole output where it failed
    local began=$SECONDS
    printf '%s ... ' "$1"
    shift
    if ! "$@" >"$log" 2>&1; then
        echo failed
        tail -n 40 "$log" >&2
        refuse "the step above failed; mend its cause and say 'make setup' again, it starts afresh."
    fi
    echo "$((SECONDS - began)) s"
}

export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
pip="$folder/bin/python -m pip install --quiet --no-compile"
hashed="$pip --require-hashes --no-deps" # a file that is not the one that was locked is refused
awk '/^[^ ]/ {named = /^(pyradiomics|docopt)==/} named' "$here/lock.txt" >"$pyradiomics"
step "Environment $folder ($("$python" --version))" "$python" -m venv "$folder"
step "pip and what pyradiomics is built with" $hashed --upgrade -r "$here/build.txt"
step "pyradiomics (compiled here)" env PYTHONPATH="$here" $hashed --no-build-isolation -r "$pyradiomics"
step "$(grep -c == "$here/lock.txt") packages" $hashed -r "$here/lock.txt"
step "torch (large)" $pip -r "$here/torch.txt"
step "First import" "$folder/bin/python" -c 'import radiomics, torch, monai, snakemake.cli, shap, xgboost, statsmodels.api'
touch "$folder/ready"
