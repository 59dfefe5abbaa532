#!/usr/bin/env bash
# End a run that waits for jobs which SLURM no longer has: watch.sh PROCESS STUDY, started by run.sh.
# After a restart of SLURM's controller the plugin may forget its jobs and wait for ever. Its sign: no job of the run in
# the queue, no child process, and nothing new in the log for LOST_AFTER seconds. Saying run.sh again goes on.
set -uo pipefail
process=$1
study=$2
patience=${LOST_AFTER:-300}
quiet=0
while sleep 5 && kill -0 "$process" 2>/dev/null; do
    log=$(ls -t "$study"/.snakemake/log/*.log 2>/dev/null | head -n 1)
    [ "$log" -nt "$study/.snakemake/holder" ] || continue # that of a run before this one
    grep -qs '(100%) done' "$log" && exit # what is left to do is the journal
    name=$(grep -soE 'SLURM run ID: [[:alnum:]_-]+' "$log" | sed 's/.*: //' | tail -n 1)
    [ -n "$name" ] && jobs=$(squeue -h --name "$name" -o %A 2>/dev/null) || { quiet=0 && continue; }
    children=$(pgrep -P "$process" | grep -cvx $$)
    age=$(($(date +%s) - $(stat -c %Y "$log")))
    if [ -z "$jobs" ] && [ "$children" = 0 ] && [ "$age" -ge 5 ]; then quiet=$((quiet + 5)); else quiet=0; fi
    if [ "$quiet" -ge "$patience" ]; then
        echo "The run waits for jobs that SLURM has not had for $quiet s (was its controller restarted?). It is ended:" \
            "run the same command again; finished results are kept." >&2
        kill -INT "$process"
        sleep 60
        kill -KILL "$process" 2>/dev/null
        exit
    fi
done
