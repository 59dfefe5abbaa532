#!/usr/bin/env bash
# Compile pyradiomics, which is on no conda channel, within the environment just made.
set -euo pipefail
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
# its build asks for a name that Python 3.12 dropped; as in requirements/sitecustomize.py
cat >"$build/sitecustomize.py" <<'PYTHON'
import configparser

if not hasattr(configparser, "SafeConfigParser"):
    configparser.SafeConfigParser = configparser.ConfigParser
    configparser.ConfigParser.readfp = configparser.ConfigParser.read_file
PYTHON
PYTHONPATH="$build" python -m pip install --no-build-isolation --no-deps pyradiomics==3.0.1
