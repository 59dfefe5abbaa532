#!/usr/bin/env bash
# Run a study on SLURM: workflow/cluster/run.sh STUDY [more Snakemake arguments, targets first]
# Checks what can be checked before the first job, clears away what a killed run left, then runs Snakemake with
# profiles/slurm (or PROFILE=folder). If it ended early, run it again: finished results are kept.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
code=$(cd "$here/../.." && pwd) # one spelling of it: a path that a result was made from counts
study=${1:?usage: workflow/cluster/run.sh STUDY [Snakemake arguments]}
shift
export PYTHONPATH=$code/src:$code/workflow/progress${PYTHONPATH:+:$PYTHONPATH} # for --logger progress and plan
profile=${PROFILE:-$code/profiles/slurm}
[ -d "$study" ] || { echo "There is no study $study: make the folder and put participants.tsv into it." >&2 && exit 2; }

python "$here/check.py" "$profile" "$study"
case " $* " in
*" --dry-run "* | *" --dryrun "* | *" -n "*) ;; # a look leaves jobs and lock of another run alone
*)
    bash "$here/recover.sh" "$study"
    mkdir -p "$study/.snakemake"
    printf '%s %s %s %s\n' "$(hostname)" $$ "$(awk '{print $22}' /proc/$$/stat)" "${SLURM_JOB_ID:-none}" \
        >"$study/.snakemake/holder"
    bash "$here/watch.sh" $$ "$study" &
    ;;
esac
exec snakemake --snakefile "$code/Snakefile" --directory "$study" --workflow-profile none --profile "$profile" "$@"
