#!/usr/bin/env bash
# The accounting of the test cluster: a private MariaDB and slurmdbd; called by start.sh as root.
set -euo pipefail
state=${CLUSTER_ROOT:-/var/lib/ichdag-cluster}
socket="$state/run/mariadb.sock"
port=${CLUSTER_DATABASE_PORT:-13306}

until_it() { # until_it SECONDS COMMAND...
    local left=$(($1 * 5))
    shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || { echo "No accounting: '$*' still fails; logs in $state/log" >&2 && exit 1; }
        sleep 0.2
    done
}

if ! mariadb-admin --no-defaults -uroot -S "$socket" ping >/dev/null 2>&1; then
    [ -d "$state/mysql/mysql" ] || mariadb-install-db --no-defaults --user=root --datadir="$state/mysql" \
        --skip-test-db --auth-root-authentication-method=socket >"$state/log/install-db.log" 2>&1
    setsid mariadbd --no-defaults --user=root --datadir="$state/mysql" --socket="$socket" \
        --pid-file="$state/run/mariadbd.pid" --bind-address=127.0.0.1 --port="$port" --skip-name-resolve \
        --innodb-buffer-pool-size=64M --innodb-log-file-size=32M --innodb-flush-log-at-trx-commit=0 \
        --innodb-lock-wait-timeout=900 --skip-log-bin >"$state/log/mariadbd.log" 2>&1 </dev/null &
    until_it 30 mariadb-admin --no-defaults -uroot -S "$socket" ping
    mariadb --no-defaults -uroot -S "$socket" -e "CREATE DATABASE IF NOT EXISTS slurm_acct;
        CREATE USER IF NOT EXISTS 'slurm'@'127.0.0.1' IDENTIFIED BY 'slurm';
        GRANT ALL ON slurm_acct.* TO 'slurm'@'127.0.0.1';"
fi
if ! sacctmgr -n list cluster >/dev/null 2>&1; then
    (umask 077 && cat >/etc/slurm/slurmdbd.conf <<CONF
AuthType=auth/munge
DbdHost=localhost
DbdAddr=127.0.0.1
SlurmUser=root
LogFile=$state/log/slurmdbd.log
PidFile=$state/run/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=$port
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm_acct
CONF
    )
    slurmdbd
    until_it 40 sacctmgr -n list cluster
fi
sacctmgr -n list cluster format=cluster | grep -qw ichdag || sacctmgr -iQ add cluster ichdag >/dev/null
sacctmgr -n list account format=account | grep -qw study ||
    sacctmgr -iQ add account study Description=study Organization=study >/dev/null
sacctmgr -n list assoc account=study user=root format=user | grep -qw root ||
    sacctmgr -iQ add user root Account=study DefaultAccount=study >/dev/null || true
