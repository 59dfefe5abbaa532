#!/usr/bin/env bash
# Run Snakemake with progress lines a person can follow: run.sh STUDY ARGUMENTS...
# What jobs write to standard error goes to STUDY/logs/stderr.log; if the run fails, its end is shown.
set -euo pipefail
study=$1 && shift
mkdir -p "$study/logs"
if ! snakemake "$@" --logger progress 2>"$study/logs/stderr.log"; then
    echo "The end of $study/logs/stderr.log:" >&2
    tail -n 30 "$study/logs/stderr.log" >&2
    echo "The run did not finish. Finished results are kept: correct the cause above and run the same command again." >&2
    exit 1
fi
