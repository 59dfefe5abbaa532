#!/usr/bin/env bash
# Clear away what a killed run of a study left: workflow/cluster/recover.sh STUDY
# Its SLURM jobs are canceled (a rerun would start them a second time, on the same files) and its lock is removed.
# A run that still goes on is left alone, and said so.
set -euo pipefail
study=$(cd "${1:?usage: workflow/cluster/recover.sh STUDY}" && pwd)
code=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
holder="$study/.snakemake/holder"

refuse() {
    echo "The study $study is held by another run: $1. Wait for it, or end it (kill -INT, which cancels its jobs too)," \
        "or choose another study folder (--directory)." >&2
    exit 3
}

if [ -s "$holder" ]; then
    read -r host process began job <"$holder" # a process number comes again, its time of birth does not
    if [ "$host" = "$(hostname)" ] && [ "$process" != $$ ] &&
        [ "$(awk '{print $22}' "/proc/$process/stat" 2>/dev/null)" = "$began" ]; then
        refuse "process $process on this host"
    fi
    if [ "$job" != none ] && [ "$job" != "${SLURM_JOB_ID:-}" ] && [ -n "$(squeue -h -j "$job" -o %A 2>/dev/null)" ]; then
        refuse "SLURM job $job"
    fi
    if [ "$job" = none ] && [ "$host" != "$(hostname)" ] && [ -z "${FORCE:-}" ]; then
        refuse "process $process on $host, if it is still alive (not to be seen from here; if it is dead, say FORCE=1)"
    fi
fi

# A run names all its jobs by one identifier, and writes it to Snakemake's log.
names=$({ grep -hsoE 'SLURM run ID: [[:alnum:]_-]+' "$study"/.snakemake/log/*.log || true; } | sed 's/.*: //' |
    sort -u | paste -sd,)
if [ -n "$names" ] && command -v squeue >/dev/null; then
    left=$(squeue -h --name "$names" -o %A | wc -l)
    if [ "$left" -gt 0 ]; then
        echo "Canceling $left SLURM job(s) that an earlier run left."
        scancel --name "$names"
        for _ in $(seq 120); do [ -z "$(squeue -h --name "$names" -o %A)" ] && break || sleep 1; done
        [ -z "$(squeue -h --name "$names" -o %A)" ] || refuse "SLURM jobs that do not end (squeue --name $names)"
    fi
fi
rm -f "$holder"
rm -rf "$study/temporary" # originals that killed jobs had unpacked
if [ -n "$(ls -A "$study/.snakemake/locks" 2>/dev/null)" ]; then
    echo "Removing the lock that an earlier run left."
    snakemake --snakefile "$code/Snakefile" --directory "$study" --workflow-profile none --cores 1 --unlock \
        >/dev/null 2>&1 || rm -f "$study"/.snakemake/locks/*
fi
