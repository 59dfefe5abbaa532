#!/usr/bin/env bash
# Write lock.txt anew: install what pyproject.toml pins into a fresh environment, list all that came with it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder"
pip="$folder/bin/python -m pip install --quiet --no-compile"
$pip --upgrade pip==26.3 -r "$here/build.txt"
PYTHONPATH="$here" $pip --no-build-isolation --no-deps pyradiomics==3.0.1
"$folder/bin/python" - "$here/../pyproject.toml" >"$folder/direct.txt" <<'PYTHON'
import sys
import tomllib

project = tomllib.load(open(sys.argv[1], "rb"))["project"]
print("\n".join(project["dependencies"] + project["optional-dependencies"]["development"]))
# what pyradiomics needs beside it: it is installed without dependencies, for its own list asks for a broken build
print("docopt\npykwalify\nsix\nsetuptools<81")
PYTHON
$pip -r "$folder/direct.txt"
{
    grep '^#' "$here/lock.txt"
    "$folder/bin/python" -m pip freeze --all | grep -vE '^(pip|wheel)==' | sed -E 's/\+(cpu|cu[0-9]+)$//' | sort -f
} >"$folder/lock.txt"
cp "$folder/lock.txt" "$here/lock.txt"
