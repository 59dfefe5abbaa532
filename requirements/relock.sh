#!/usr/bin/env bash
# Write lock.txt anew: install what pyproject.toml pins into a fresh environment, list all that came with it, and the
# hashes that PyPI has of their files (by uv; pip tells those of one platform only). torch.txt and build.txt are by hand:
# uv pip compile --generate-hashes --no-deps writes the hashes of the latter.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder"
pip="$folder/bin/python -m pip install --quiet --no-compile"
$pip --require-hashes --no-deps --upgrade -r "$here/build.txt"
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
"$folder/bin/python" -m pip freeze --all | grep -vE '^(pip|wheel|torch|nvidia-[a-z0-9-]+|cuda-[a-z]+|triton)==' |
    sort -f >"$folder/names.txt"
version=$("$folder/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"${PYTHON:-python3}" -m venv "$folder/uv" && "$folder/uv/bin/python" -m pip install --quiet uv
"$folder/uv/bin/uv" pip compile --quiet --generate-hashes --no-deps --no-header --no-annotate \
    --python-version "$version" --output-file "$folder/hashed.txt" "$folder/names.txt"
{
    grep '^#' "$here/lock.txt"
    cat "$folder/hashed.txt"
} >"$folder/lock.txt"
cp "$folder/lock.txt" "$here/lock.txt"
