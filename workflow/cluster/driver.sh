#!/usr/bin/env bash
# The run itself as a SLURM job, where a login node may not be used for it:
#   sbatch --account=my_account workflow/cluster/driver.sh STUDY [more Snakemake arguments, targets first]
# Run it in the repository. If a driver reaches its time limit or is lost, submit it again: the jobs that it left are
# canceled first, and finished results are kept.
#SBATCH --job-name=ichdag
#SBATCH --time=7-00:00:00
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --output=ichdag-%j.log
#SBATCH --signal=B:INT@120
set -euo pipefail
# What SLURM gave to this job is not for its children to inherit: sbatch reads these as options.
unset "${!SBATCH_@}" SLURM_CPUS_PER_TASK SLURM_MEM_PER_NODE SLURM_MEM_PER_CPU SLURM_NTASKS SLURM_CPU_BIND
set -m # without job control, what runs in the background ignores interrupts
bash "${ICHDAG:-$SLURM_SUBMIT_DIR}/workflow/cluster/run.sh" "$@" &
trap 'kill -INT $!' INT # two minutes before the limit: Snakemake cancels its jobs and ends
wait $! || wait $!
