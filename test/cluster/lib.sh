# shellcheck shell=bash
# Common ground of up.sh, down.sh and status.sh: where things are, how this
# cluster's processes are told from everybody else's, and how Nomad is asked.
# Sourced, never run.
# What is set here and used by the scripts only is no mistake:
# shellcheck disable=SC2034

# dockerd, iptables and debootstrap are in the sbin folders, which an ordinary
# PATH may lack.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# ---------------------------------------------------------------- settings

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CACHE=${POSEIDON_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/poseidon}
CACHE=$(realpath -m "$CACHE")
STATE=$(realpath -m "${POSEIDON_CLUSTER_DIR:-$CACHE/cluster}")

HTTP_PORT=${NOMAD_PORT:-4646}
MAX_CONNS=${NOMAD_MAX_CONNS:-100}
ACL=${NOMAD_ACL:-0}

LOGS=$STATE/log
RUN=$STATE/run
DOCKER_SOCK=$RUN/docker.sock
CONTAINERD_SOCK=$RUN/containerd.sock
TOKEN_HEADER=$RUN/token.header # "X-Nomad-Token: …", so that no token is in an argument list

IMAGE=poseidon-test:1
IMAGE_PYTHON=poseidon-test-python:1
IMAGE_PAUSE=poseidon-pause:1

# Every daemon is started with this in its environment, and its children
# inherit it (shims, Nomad's log collectors and executors too). That is how
# they are found again when a pid file is lost, without ever matching on a
# command line that could be a stranger's.
MARK=POSEIDON_CLUSTER_MARK=$STATE

say() { printf '%s\n' "$*"; }
warn() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
  warn "$*"
  exit 1
}

# fail_with_log MESSAGE LOGFILE: what went wrong, with the end of its log.
fail_with_log() {
  warn "$1"
  if [ -s "$2" ]; then
    printf -- '--- the end of %s:\n' "$2" >&2
    tail -n 25 "$2" >&2
  fi
  exit 1
}

# Settings that come from outside are checked before anything is touched.
check_settings() {
  [ "$(uname -s)" = Linux ] || die "needs Linux"
  [ "$(id -u)" = 0 ] || die "needs root: it starts a Docker daemon and changes network namespaces"
  case $HTTP_PORT in '' | *[!0-9]*) die "NOMAD_PORT must be a number, not '$HTTP_PORT'" ;; esac
  case $MAX_CONNS in '' | *[!0-9]*) die "NOMAD_MAX_CONNS must be a number, not '$MAX_CONNS'" ;; esac
  case $ACL in 0 | 1) ;; *) die "NOMAD_ACL must be 0 or 1, not '$ACL'" ;; esac
  if [ "$HTTP_PORT" -lt 1024 ] || [ "$HTTP_PORT" -gt 65533 ]; then
    die "NOMAD_PORT must be in 1024 to 65533: the two ports after it are taken too"
  fi
  case $STATE in
    / | /bin* | /etc* | /usr* | /dev* | /proc* | /sys*) die "'$STATE' cannot be the cluster's folder: it is removed by down.sh" ;;
    *[[:space:]]*) die "the cluster's folder '$STATE' must not have blanks in its path" ;;
  esac
  # A Unix socket's path is limited to 107 characters, and Docker puts sockets
  # several folders below.
  [ ${#STATE} -le 60 ] || die "the cluster's folder '$STATE' is too long for Unix sockets below it: set POSEIDON_CLUSTER_DIR to a path of at most 60 characters"
  derive_settings
}

# What follows from the port, so that two clusters with their own folders and
# ports never share a bridge or an address. 198.18.0.0/15 is set aside for
# tests, so that it cannot hide a network that this machine needs.
derive_settings() {
  RPC_PORT=$((HTTP_PORT + 1))
  SERF_PORT=$((HTTP_PORT + 2))
  ADDR=http://127.0.0.1:$HTTP_PORT
  DOCKER_BRIDGE=psd-dkr-$HTTP_PORT
  NOMAD_BRIDGE=psd-nmd-$HTTP_PORT
  # Made by tests, which remove them unless they are killed: test/image; the second node of test/cluster/full.
  COMPOSE_BRIDGE=psd-cmp-$HTTP_PORT
  NODE_LINK=psd-lnk-$HTTP_PORT
  NODE_NETWORK=psd-net-$HTTP_PORT
  local third=$((HTTP_PORT % 16 * 16))
  DOCKER_GATEWAY=198.18.$third.1
  NOMAD_SUBNET=198.19.$third.0/20
}

# One up or down at a time in this folder. The descriptor is closed for every
# daemon (see start_daemon), or the lock would live as long as they do.
take_lock() {
  mkdir -p "$STATE"
  exec 9>"$STATE/lock"
  flock -w "${1:-60}" 9 || die "another up.sh or down.sh is at work on $STATE"
}

# ---------------------------------------------------------------- processes

# is_ours PID: alive, and started by this cluster (pids are used again).
is_ours() {
  [ -n "${1:-}" ] && tr '\0' '\n' 2>/dev/null <"/proc/$1/environ" | grep -qxF "$MARK"
}

# pid_of NAME: the daemon's pid if it runs, else nothing.
pid_of() {
  local pid=''
  read -r pid 2>/dev/null <"$RUN/$1.pid" || true
  if is_ours "$pid"; then printf '%s\n' "$pid"; fi
}

# start_daemon NAME COMMAND…: in a session of its own, so that the end of the
# terminal or of the calling script does not reach it.
start_daemon() {
  local name=$1
  shift
  if [ -s "$LOGS/$name.log" ]; then mv "$LOGS/$name.log" "$LOGS/$name.log.old"; fi
  env "$MARK" setsid "$@" </dev/null >"$LOGS/$name.log" 2>&1 9>&- &
  printf '%s\n' "$!" >"$RUN/$name.pid"
  disown
}

# stop_daemon NAME SECONDS: asks, waits, then kills.
stop_daemon() {
  local pid deadline
  pid=$(pid_of "$1")
  if [ -n "$pid" ]; then
    kill -TERM "$pid" 2>/dev/null || true
    deadline=$((SECONDS + $2))
    while is_ours "$pid" && [ $SECONDS -lt $deadline ]; do sleep 0.1; done
    if is_ours "$pid"; then
      warn "$1 ($pid) did not end within $2 s: killed"
      kill -KILL "$pid" 2>/dev/null || true
    fi
  fi
  rm -f "$RUN/$1.pid"
}

# Every process of this cluster. A zombie has no environment and is not listed.
our_pids() {
  grep -lzsxF "$MARK" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3 || true
}

# with_descendants PID…: these and all processes below them.
with_descendants() {
  [ $# -gt 0 ] || return 0
  { cat /proc/[0-9]*/stat 2>/dev/null || true; } | awk -v pids="$*" '
    BEGIN { split(pids, list, " "); for (i in list) wanted[list[i]] = 1 }
    { pid = $1; sub(/^.*\) /, ""); parent[pid] = $2 } # a name may have blanks
    END {
      do {
        more = 0
        for (p in parent) if (!(p in wanted) && (parent[p] in wanted)) { wanted[p] = 1; more = 1 }
      } while (more)
      for (p in wanted) print p
    }'
}

# wait_for SECONDS COMMAND…: every 0.2 s until it succeeds.
wait_for() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $deadline ] || return 1
    sleep 0.2
  done
}

# wait_for_daemon NAME SECONDS COMMAND…: the same, but not longer than it lives.
wait_for_daemon() {
  local pid deadline=$((SECONDS + $2))
  read -r pid <"$RUN/$1.pid"
  shift 2
  until "$@"; do
    [ $SECONDS -lt $deadline ] && kill -0 "$pid" 2>/dev/null || return 1
    sleep 0.2
  done
}

# ---------------------------------------------------------------- Docker, Nomad

docker_cli() { DOCKER_HOST=unix://$DOCKER_SOCK DOCKER_CONTEXT='' timeout "${DOCKER_TIMEOUT:-60}" docker "$@"; }
docker_answers() { DOCKER_TIMEOUT=5 docker_cli version >/dev/null 2>&1; }
has_image() { docker_cli image inspect "$1" >/dev/null 2>&1; }

# nomad_api METHOD PATH [curl's arguments]: the answer's body; fails when the
# status is not 2xx. Never through a proxy, never more than a few seconds.
nomad_api() {
  local method=$1 path=$2
  shift 2
  if [ -e "$TOKEN_HEADER" ]; then set -- -H "@$TOKEN_HEADER" "$@"; fi
  curl -q -fsS --noproxy '*' --connect-timeout 2 --max-time 10 -X "$method" "$@" "$ADDR$path"
}

# The one node's description, once there is a leader and a node.
node_json() {
  local id
  id=$(nomad_api GET /v1/nodes 2>/dev/null | jq -er '.[0].ID') || return 1
  nomad_api GET "/v1/node/$id" 2>/dev/null
}

node_ready() {
  node_json | jq -e '.Status == "ready" and .SchedulingEligibility == "eligible"
    and .Drivers.docker.Healthy' >/dev/null 2>&1
}

# ---------------------------------------------------------------- what would stay behind

mounts_below_state() {
  awk -v dir="$STATE/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo | sort -r
}

# From /proc and not /sys, which can show another network namespace's.
links() { sed -nE 's/^ *([^:]+):.*/\1/p' /proc/net/dev; }
has_link() { links | grep -qxF "$1"; }
other_cluster_up() { links | grep '^psd-dkr-' | grep -qvxF "$DOCKER_BRIDGE"; }

# Another test cluster, or somebody's own Nomad or Docker, is up on this machine:
# they share iptables chains and control groups with ours, as Nomad, CNI and
# Docker have fixed names for them.
others_up() {
  local pid name
  ! other_cluster_up || return 0
  for pid in /proc/[0-9]*; do
    read -r name 2>/dev/null <"$pid/comm" || continue
    case $name in
      nomad | dockerd) is_ours "${pid##*/}" || return 0 ;;
    esac
  done
  return 1
}

cni_chains() {
  # on stderr it warns when the kernel has old-style tables too
  timeout 20 iptables-save 2>/dev/null | sed -nE 's/^:((CNI|NOMAD)-[^ ]+) .*/\1/p'
}

# The control groups' top folders of Nomad and Docker, in cgroup v1 and v2.
cgroup_folders() {
  local folder
  for folder in /sys/fs/cgroup/*/nomad /sys/fs/cgroup/nomad.slice /sys/fs/cgroup/*/docker /sys/fs/cgroup/docker; do
    [ ! -d "$folder" ] || printf '%s\n' "$folder"
  done
}

# What the machine was like before the first up, so that down.sh neither leaves
# what is ours nor takes what is not: before_value KEY
before_value() { sed -n "s/^$1=//p" "$STATE/before" 2>/dev/null || true; }
