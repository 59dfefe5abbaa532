#!/usr/bin/env bash
# Faults of the test cluster's nodes: node.sh crash | revive | drain | undrain NODE
#   crash  SIGKILL for the node's daemon, for its job keepers and for all its jobs' processes, as in a loss of power
export PATH=/usr/sbin:/sbin:/usr/bin:/bin:$PATH
node=$2
pidfile="${CLUSTER_ROOT:-/var/lib/ichdag-cluster}/run/slurmd-$node.pid"

daemon() {
    local pid
    pid=$(cat "$pidfile" 2>/dev/null)
    [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = slurmd ] && echo "$pid"
}

case $1 in
crash)
    jobs=" $(squeue -h -w "$node" -o %A | tr '\n' ' ')"
    kill -9 "$(daemon)"
    rm -f "$pidfile"
    for entry in /proc/[0-9]*; do # the keepers before what they keep: they would report its end
        [ "$(cat "$entry/comm" 2>/dev/null)" = slurmstepd ] || continue
        job=$(tr '\0' ' ' <"$entry/cmdline" | sed -nE 's/.*\[([0-9]+)\..*/\1/p')
        [[ "$jobs" == *" $job "* ]] && kill -9 "${entry#/proc/}"
    done
    for entry in /proc/[0-9]*; do
        own=$({ tr '\0' '\n' <"$entry/environ" | grep -x "SLURMD_NODENAME=$node"; } 2>/dev/null)
        [ -n "$own" ] && kill -9 "${entry#/proc/}" 2>/dev/null
    done
    true
    ;;
revive)
    [ -n "$(daemon)" ] || slurmd -N "$node"
    sleep 1
    scontrol update nodename="$node" state=resume 2>/dev/null || true
    ;;
drain) scontrol update nodename="$node" state=drain reason=test ;;
undrain) scontrol update nodename="$node" state=resume ;;
*) sed -n 2,3p "$0" && exit 2 ;;
esac
