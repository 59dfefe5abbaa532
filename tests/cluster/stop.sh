#!/usr/bin/env bash
# End the test cluster: stop.sh [--slurm-only] [--purge]. Only what start.sh started, by pid file and program name.
# --slurm-only leaves munge and the database; --purge removes state and configuration as well.
set -uo pipefail
export PATH=/usr/sbin:/sbin:/usr/bin:/bin:$PATH
state=${CLUSTER_ROOT:-/var/lib/ichdag-cluster}

end() { # end NAME PROGRAM
    local file="$state/run/$1.pid" pid
    pid=$(cat "$file" 2>/dev/null) || return 0
    rm -f "$file"
    [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ] || return 0
    kill "$pid"
    for _ in $(seq 75); do [ -d "/proc/$pid" ] && sleep 0.2 || return 0; done
    kill -9 "$pid"
}

grep -qs '^# ichdag-cluster' /etc/slurm/slurm.conf || exit 0
if timeout 5 scontrol ping 2>/dev/null | grep -q UP; then # jobs first, so that none outlives its node
    timeout 10 scancel --user="$(id -un)" 2>/dev/null
    for _ in $(seq 50); do [ -n "$(timeout 5 squeue -h -t R,CG 2>/dev/null)" ] && sleep 0.2 || break; done
fi
for node in c1 c2 g1 g2; do end "slurmd-$node" slurmd; done
end slurmctld slurmctld
[[ " $* " == *" --slurm-only "* ]] && exit 0
end slurmdbd slurmdbd
end mariadbd mariadbd
end munged munged
if [[ " $* " == *" --purge "* ]]; then
    rm -rf "$state" /etc/slurm/{slurm,gres,cgroup,slurmdbd}.conf
fi
exit 0
