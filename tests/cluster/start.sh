#!/usr/bin/env bash
# A real SLURM on this one Debian or Ubuntu machine, as root: start.sh. Saying it again starts only what is not running.
# Nodes c1, c2 (partition cpu) and g1, g2 (partition gpu, one counted GPU each) are daemons on this host that claim
# more memory than it has. stop.sh ends it all.
#   CLUSTER_ROOT=/var/lib/ichdag-cluster  state, logs, database
#   CLUSTER_CPUS=2                        cores each node claims
#   CLUSTER_ACCOUNTING=database | none    database: slurmdbd and MariaDB too, which accounts and sacct need
#   CLUSTER_CGROUPS=auto | no             no: memory is polled even where the kernel could enforce it
# Ends with 3 where a machine cannot have it: not root, not Debian or Ubuntu, no packages to be had, another SLURM here.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/sbin:/usr/bin:/bin:$PATH
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
state=${CLUSTER_ROOT:-/var/lib/ichdag-cluster}
accounting=${CLUSTER_ACCOUNTING:-database}
settings=/etc/slurm
host=$(hostname -s)
nodes=(c1 c2 g1 g2)

refuse() { echo "The cluster cannot be started: $1" >&2 && exit "${2:-1}"; }

wait_for() { # wait_for SECONDS WHAT COMMAND...
    local left=$(($1 * 5)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || refuse "$what did not come up; its log is in $state/log"
        sleep 0.2
    done
}

runs() { # runs NAME PROGRAM: whether the daemon of this pid file is alive
    local pid
    pid=$(cat "$state/run/$1.pid" 2>/dev/null) && [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ]
}

[ "$(id -u)" = 0 ] || refuse "it needs root" 3
command -v apt-get >/dev/null || refuse "it is written for Debian and Ubuntu, and there is no apt-get here" 3

# Packages.
missing=()
command -v slurmctld >/dev/null || missing+=(slurm-wlm)
command -v munged >/dev/null || missing+=(munge)
if [ "$accounting" = database ]; then
    command -v slurmdbd >/dev/null || missing+=(slurmdbd)
    command -v mariadbd >/dev/null || missing+=(mariadb-server)
fi
mkdir -p "$state"/{run,log,controller,spool,gpu} "$settings"
if [ ${#missing[@]} -gt 0 ]; then
    services=/usr/sbin/policy-rc.d # packages are not to start services of their own: this file forbids it meanwhile
    [ -e "$services" ] || { printf '#!/bin/sh\nexit 101\n' >"$services" && chmod 755 "$services" && ours=yes; }
    trap '[ -z "${ours:-}" ] || rm -f "$services"' EXIT
    install_packages() { apt-get install -qq -y --no-install-recommends "${missing[@]}" >"$state/log/apt.log" 2>&1; }
    install_packages || { apt-get update -qq && install_packages; } ||
        refuse "apt-get could not install ${missing[*]}: $(tail -n 3 "$state/log/apt.log")" 3
fi
exec 9>"$state/run/lock" && flock 9 # of two callers at once the second waits
if [ -f "$settings/slurm.conf" ] && ! grep -q '^# ichdag-cluster' "$settings/slurm.conf"; then
    refuse "$settings/slurm.conf is there already and belongs to another cluster" 3
fi
getent hosts "$host" >/dev/null || echo "127.0.0.1 $host" >>/etc/hosts

# Memory limits: enforced by the kernel where version 1 control groups can be written, else polled once a second.
if [ "${CLUSTER_CGROUPS:-auto}" = auto ] && [ "$(stat -fc %T /sys/fs/cgroup)" = tmpfs ] &&
    [ -w /sys/fs/cgroup/memory ] && [ -w /sys/fs/cgroup/freezer ]; then
    tracking="ProctrackType=proctrack/cgroup
TaskPlugin=task/cgroup
JobAcctGatherType=jobacct_gather/cgroup"
    cat >"$settings/cgroup.conf" <<CONF
CgroupPlugin=cgroup/v1
CgroupAutomount=no
ConstrainRAMSpace=yes
ConstrainSwapSpace=no
ConstrainCores=no
ConstrainDevices=no
CONF
else
    tracking="ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherParams=OverMemoryKill"
    rm -f "$settings/cgroup.conf"
fi

store="AccountingStorageType=accounting_storage/none"
if [ "$accounting" = database ]; then
    store="AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStorageTRES=gres/gpu
AccountingStoreFlags=job_comment
PriorityType=priority/multifactor"
fi
cat >"$settings/slurm.conf.new" <<CONF
# ichdag-cluster: written by tests/cluster/start.sh
ClusterName=ichdag
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
StateSaveLocation=$state/controller
SlurmdSpoolDir=$state/spool/%n
SlurmctldPidFile=$state/run/slurmctld.pid
SlurmdPidFile=$state/run/slurmd-%n.pid
SlurmctldLogFile=$state/log/slurmctld.log
SlurmdLogFile=$state/log/slurmd-%n.log
MpiDefault=none
$tracking
JobAcctGatherFrequency=task=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=bf_interval=2,batch_sched_delay=0,sched_interval=2
# faults are noticed within seconds; a site's defaults are minutes
SlurmdTimeout=10
KillWait=2
CompleteWait=0
UnkillableStepTimeout=30
ReturnToService=2
MinJobAge=7200
SlurmdParameters=config_overrides
PropagateResourceLimits=NONE
$store
JobCompType=jobcomp/none
GresTypes=gpu
NodeName=DEFAULT CPUs=${CLUSTER_CPUS:-2} RealMemory=40000 State=UNKNOWN
NodeName=c[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=[17001-17002]
NodeName=g[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=[17101-17102] Gres=gpu:1
PartitionName=cpu Nodes=c[1-2] Default=YES MaxTime=INFINITE DefaultTime=60 State=UP
PartitionName=gpu Nodes=g[1-2] MaxTime=INFINITE DefaultTime=60 State=UP
CONF
# GPUs that are counted and never opened: null devices, or plain files where devices cannot be made.
if [ ! -e "$state/gpu/device" ]; then
    mknod -m 666 "$state/gpu/device" c 1 3 2>/dev/null || : >"$state/gpu/device"
fi
echo "NodeName=g[1-2] Name=gpu File=$state/gpu/device Flags=nvidia_gpu_env" >"$settings/gres.conf.new"
changed=
for name in slurm.conf gres.conf; do
    cmp -s "$settings/$name.new" "$settings/$name" || changed=yes
    mv "$settings/$name.new" "$settings/$name"
done
if [ -n "$changed" ] && runs slurmctld slurmctld; then bash "$here/stop.sh" --slurm-only 9>&-; fi

# munge, which signs who says what.
if ! munge -n 2>/dev/null | unmunge >/dev/null 2>&1; then
    [ -s /etc/munge/munge.key ] ||
        (umask 077 && dd if=/dev/urandom of=/etc/munge/munge.key bs=1024 count=1 2>/dev/null)
    chown munge:munge /etc/munge /etc/munge/munge.key
    chmod 700 /etc/munge && chmod 400 /etc/munge/munge.key
    install -d -o munge -g munge -m 755 /run/munge
    install -d -o munge -g munge -m 700 /var/log/munge /var/lib/munge
    rm -f /run/munge/munge.socket.2 /run/munge/munge.socket.2.lock
    runuser -u munge -- /usr/sbin/munged 9>&-
    wait_for 10 munge bash -c 'munge -n | unmunge'
    cp /run/munge/munged.pid "$state/run/munged.pid"
fi

[ "$accounting" != database ] || bash "$here/accounting.sh" 9>&-

runs slurmctld slurmctld || slurmctld 9>&-
wait_for 30 slurmctld bash -c 'scontrol ping | grep -q UP'
for node in "${nodes[@]}"; do
    mkdir -p "$state/spool/$node"
    runs "slurmd-$node" slurmd || slurmd -N "$node" 9>&-
    case "$(sinfo -h -N -n "$node" -o %T | head -n 1)" in
    *drain* | *down* | *fail*) scontrol update nodename="$node" state=resume 2>/dev/null || true ;;
    esac
done
all_up() { [ "$(sinfo -h -N -o '%N %T' | sort -u | grep -cE ' (idle|mixed|allocated|completing)$')" = ${#nodes[@]} ]; }
wait_for 30 "nodes ${nodes[*]}" all_up
sinfo -o '%9P %6D %8N %8T %5c %8m %G'
