#!/usr/bin/env bash
# Brings up a real Nomad with a Docker of its own on this machine, for the tests
# that need one. See README.md. Safe to run again: with the cluster up it only
# checks its health.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

usage() {
  cat <<'USAGE'
usage: up.sh [--python-image]

  --python-image  also build poseidon-test-python:1, whose setuser is in Python

Environment:
  NOMAD_PORT            Nomad's HTTP port (4646); RPC and Serf take the next two
  NOMAD_MAX_CONNS       http_max_conns_per_client (100; 0 is no limit)
  NOMAD_ACL             1: with ACLs; the management token is in the env file only
  NOMAD_BIN             a Nomad binary, instead of building one
  NOMAD_LOG_LEVEL       of the agent (INFO)
  NOMAD_EXTRA_CONFIG    a file with more of the agent's configuration
  POSEIDON_CACHE        what is kept between runs (~/.cache/poseidon)
  POSEIDON_CLUSTER_DIR  the cluster's own folder (<cache>/cluster)
  DOCKER_STORAGE_DRIVER for dockerd (it chooses what works here)
USAGE
}

python_image=0
for argument in "$@"; do
  case $argument in
    --python-image) python_image=1 ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
done

# ---------------------------------------------------------------- the steps

# What the running cluster was started with; another wish needs a down first.
settings() {
  printf 'port=%s max_conns=%s acl=%s' "$HTTP_PORT" "$MAX_CONNS" "$ACL"
}

# A foreign listener would otherwise show as an obscure failure much later, or
# as tests that talk to somebody's real Nomad.
check_ports() {
  local port taken
  for port in "$HTTP_PORT" "$RPC_PORT" "$SERF_PORT"; do
    taken=$(ss -H -lntup "sport = :$port" | awk '{ print $1, $5, $7 }' | head -n 1)
    [ -z "$taken" ] || die "port $port is taken by another process ($taken): set NOMAD_PORT to another one, or end it"
  done
  has_link "$DOCKER_BRIDGE" || [ -z "$(ip -o addr show to "$DOCKER_GATEWAY/20")" ] ||
    die "the network of $DOCKER_GATEWAY/20 is in use on this machine: set NOMAD_PORT to another port (its value modulo 16 picks the network)"
}

install_packages() {
  local missing=() need pair
  need="dockerd:docker.io containerd:containerd runc:runc docker:docker.io iptables:iptables ip:iproute2
    ss:iproute2 debootstrap:debootstrap curl:curl jq:jq"
  # Nomad's exec driver has a part in C.
  [ -x "$nomad_bin" ] || need+=" gcc:gcc"
  for pair in $need; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
  done
  [ -x /usr/lib/cni/bridge ] || missing+=(containernetworking-plugins)
  [ -x "$nomad_bin" ] || [ -e /usr/include/stdio.h ] || missing+=(libc6-dev)
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null ||
    die "missing, and there is no apt-get to install it with (written for Debian 12): ${missing[*]}"
  say "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  { timeout 300 apt-get -q update && timeout 600 apt-get -q install -y --no-install-recommends "${missing[@]}"; } \
    </dev/null >"$LOGS/apt.log" 2>&1 9>&- || fail_with_log "apt-get failed" "$LOGS/apt.log"
}

check_go() {
  local version major minor hint='Nomad is built from source: put Go 1.25 or later into PATH, or set NOMAD_BIN to a Nomad 1.10.5 binary'
  command -v go >/dev/null || die "no Go found. $hint"
  version=$(timeout 60 env GOTOOLCHAIN=local go env GOVERSION)
  IFS=. read -r major minor _ <<<"${version#go}"
  minor=${minor%%[!0-9]*}
  if [ "${major:-0}" -eq 1 ] && [ "${minor:-0}" -lt 25 ]; then die "Go is $version. $hint"; fi
}

# Into a temporary name first: a build that was interrupted is no binary.
build_nomad() {
  local new=$nomad_bin.new.$$
  mkdir -p "$(dirname "$nomad_bin")"
  if (cd "$HERE/nomad" && GOTOOLCHAIN=local GOWORK=off GOFLAGS='-mod=readonly -buildvcs=false' \
    timeout 2400 go build -trimpath -o "$new" github.com/hashicorp/nomad) &&
    timeout 20 "$new" version; then
    mv "$new" "$nomad_bin"
  else
    rm -f "$new"
    return 1
  fi
}

# Is there somebody else's Nomad or Docker? Then down.sh leaves what it cannot
# tell from ours.
record_before() {
  [ ! -e "$STATE/before" ] || return 0
  if other_cluster_up; then # the last of them to go down cleans up for all
    printf 'chains=0\ncgroups=0\nip_forward=1\n'
  else
    printf 'chains=%s\n' "$(cni_chains | wc -l)"
    printf 'cgroups=%s\n' "$(cgroup_folders | wc -l)"
    printf 'ip_forward=%s\n' "$(cat /proc/sys/net/ipv4/ip_forward)"
  fi >"$STATE/before"
}

start_docker() {
  if [ -z "$(pid_of containerd)" ]; then
    # A containerd of our own: dockerd would else take the machine's, and mix
    # its containers with those of a Docker that runs there.
    cat >"$RUN/containerd.toml" <<TOML
version = 2
root = "$STATE/containerd"
state = "$RUN/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$CONTAINERD_SOCK"
TOML
    rm -f "$CONTAINERD_SOCK"
    start_daemon containerd containerd --config "$RUN/containerd.toml" --log-level warn
  fi
  wait_for_daemon containerd 30 test -S "$CONTAINERD_SOCK" || fail_with_log "containerd did not start" "$LOGS/containerd.log"

  if ! has_link "$DOCKER_BRIDGE"; then
    ip link add name "$DOCKER_BRIDGE" type bridge
    ip addr add "$DOCKER_GATEWAY/20" dev "$DOCKER_BRIDGE"
    ip link set "$DOCKER_BRIDGE" up
  fi
  if [ -z "$(pid_of dockerd)" ]; then
    # Without iptables: nothing of Docker's stays in the machine's firewall and
    # a Docker that runs beside is not disturbed. Ports are mapped by CNI.
    # One that was killed has left its pid file, and Docker takes a process that nobody has waited for yet for alive.
    rm -f "$DOCKER_SOCK" "$RUN/dockerd-own.pid"
    start_daemon dockerd dockerd --data-root "$STATE/docker" --exec-root "$RUN/docker" \
      --pidfile "$RUN/dockerd-own.pid" -H "unix://$DOCKER_SOCK" --containerd "$CONTAINERD_SOCK" \
      --config-file "$RUN/daemon.json" --bridge "$DOCKER_BRIDGE" --iptables=false --ip6tables=false \
      --log-level warn ${DOCKER_STORAGE_DRIVER:+--storage-driver "$DOCKER_STORAGE_DRIVER"}
  fi
  wait_for_daemon dockerd 60 docker_answers || fail_with_log "dockerd did not start" "$LOGS/dockerd.log"
}

# import_image VARIANT NAME: from the cache, made there when it is missing or
# its recipe has changed.
import_image() {
  local tarball
  tarball=$CACHE/images/$1-$(sha256sum "$HERE/image.sh" | cut -c1-16).tar
  if ! [ -e "$tarball" ]; then
    say "building the image $2 (half a minute)"
    mkdir -p "$CACHE/images"
    "$HERE/image.sh" "$1" "$tarball" </dev/null >"$LOGS/image-$1.log" 2>&1 9>&- ||
      fail_with_log "the image $2 could not be built" "$LOGS/image-$1.log"
    find "$CACHE/images" -name "$1-*.tar" ! -path "$tarball" -delete
  fi
  has_image "$2" && return 0
  DOCKER_TIMEOUT=300 docker_cli import --change 'WORKDIR /workspace' "$tarball" "$2" >/dev/null ||
    fail_with_log "the image $2 could not be imported" "$LOGS/dockerd.log"
}

# The container that holds a network namespace open in Nomad's bridge mode.
# Its usual image would have to be pulled.
make_pause_image() {
  local container
  has_image "$IMAGE_PAUSE" && return 0
  container=$(docker_cli create --network none "$IMAGE" true)
  docker_cli commit --change 'CMD ["sleep","infinity"]' "$container" "$IMAGE_PAUSE" >/dev/null
  docker_cli rm -f "$container" >/dev/null
}

# Nomad wants a version from each plugin before it places a job with a bridge
# network, and Debian's plugins say "unknown" (asked without CNI_COMMAND). So
# it gets wrappers that answer with the package's version.
make_cni_folder() {
  local plugin name version
  version=$(dpkg-query -W -f '${Version}' containernetworking-plugins 2>/dev/null | sed -nE 's/^([0-9]+\.[0-9]+\.[0-9]+).*/\1/p')
  mkdir -p "$STATE/cni/bin" "$STATE/cni/config"
  for plugin in /usr/lib/cni/*; do
    name=${plugin##*/}
    if [ -n "$version" ]; then
      # shellcheck disable=SC2016
      printf '#!/bin/sh\n[ -z "$CNI_COMMAND" ] || exec %s\necho "CNI %s plugin v%s"\n' \
        "$plugin" "$name" "$version" >"$STATE/cni/bin/$name"
      chmod 0755 "$STATE/cni/bin/$name"
    else
      ln -sf "$plugin" "$STATE/cni/bin/$name"
    fi
  done
}

write_agent_config() {
  # Everything on the loopback interface, the mapped ports of runners too.
  # Image collection is off: there is nothing to pull an image from again.
  # The denylist keeps Nomad from asking for cloud services that are not there
  # (with AWS_CA_BUNDLE set it would not even start). The allocations' folder
  # has a short name as each task gets a Unix socket deep below it.
  cat >"$STATE/agent.hcl" <<HCL
name                 = "poseidon-test"
datacenter           = "dc1"
data_dir             = "$STATE/nomad"
bind_addr            = "127.0.0.1"
disable_update_check = true
log_level            = "${NOMAD_LOG_LEVEL:-INFO}"

ports {
  http = $HTTP_PORT
  rpc  = $RPC_PORT
  serf = $SERF_PORT
}

advertise {
  http = "127.0.0.1"
  rpc  = "127.0.0.1"
  serf = "127.0.0.1"
}

limits {
  http_max_conns_per_client = $MAX_CONNS
}

acl {
  enabled = $([ "$ACL" = 1 ] && echo true || echo false)
}

server {
  enabled          = true
  bootstrap_expect = 1
  default_scheduler_config {
    memory_oversubscription_enabled = true
  }
}

client {
  enabled               = true
  alloc_dir             = "$STATE/a"
  alloc_mounts_dir      = "$STATE/m"
  network_interface     = "lo"
  cni_path              = "$STATE/cni/bin"
  cni_config_dir        = "$STATE/cni/config"
  bridge_network_name   = "$NOMAD_BRIDGE"
  bridge_network_subnet = "$NOMAD_SUBNET"
  options = {
    "driver.allowlist"     = "docker,exec"
    "fingerprint.denylist" = "env_aws,env_gce,env_azure,env_digitalocean,consul,vault"
  }
}

plugin "docker" {
  config {
    endpoint    = "unix://$DOCKER_SOCK"
    infra_image = "$IMAGE_PAUSE"
    gc {
      image = false
    }
  }
}
HCL
}

start_nomad() {
  if [ -z "$(pid_of nomad)" ]; then
    check_ports
    # Without the caller's Nomad variables: the agent takes some of them too.
    # shellcheck disable=SC2046
    start_daemon nomad env $(compgen -e NOMAD_ | sed 's/^/-u /') "$nomad_bin" agent -config "$STATE/agent.hcl" \
      ${NOMAD_EXTRA_CONFIG:+-config "$NOMAD_EXTRA_CONFIG"}
  fi
  wait_for_daemon nomad 30 leader_known || fail_with_log "Nomad did not start" "$LOGS/nomad.log"
  if [ "$ACL" = 1 ] && ! [ -e "$TOKEN_HEADER" ]; then bootstrap_acl; fi
  wait_for_daemon nomad 60 node_ready || {
    node_json | jq -c '{Status, docker: .Drivers.docker}' >&2 || true
    fail_with_log "Nomad's node did not become ready with a healthy Docker driver" "$LOGS/nomad.log"
  }
}

leader_known() {
  [ -n "$(pid_of nomad)" ] && nomad_api GET /v1/status/leader 2>/dev/null | grep -q '[0-9]'
}

bootstrap_acl() {
  local token
  # Refused for a moment after the leader is elected.
  bootstrap_once() { token=$(nomad_api POST /v1/acl/bootstrap 2>/dev/null | jq -er .SecretID); }
  wait_for 20 bootstrap_once || fail_with_log "Nomad's ACLs could not be bootstrapped" "$LOGS/nomad.log"
  (umask 077 && printf 'X-Nomad-Token: %s\n' "$token" >"$TOKEN_HEADER")
}

verify() {
  local id
  node_ready || fail_with_log "Nomad's node is not ready with a healthy Docker driver" "$LOGS/nomad.log"
  docker_answers || fail_with_log "dockerd does not answer" "$LOGS/dockerd.log"
  nomad_api GET /v1/operator/scheduler/configuration |
    jq -e '.SchedulerConfig.MemoryOversubscriptionEnabled' >/dev/null ||
    die "memory oversubscription is off in Nomad's scheduler configuration"
  for id in "$IMAGE" "$IMAGE_PAUSE"; do
    has_image "$id" || die "the image $id is missing"
  done
}

# The lines to source. With ACLs the token is in it, so only root reads it.
write_env() {
  (
    umask 077
    {
      printf 'export NOMAD_ADDR=%s\n' "$ADDR"
      if [ "$ACL" = 1 ]; then printf 'export NOMAD_TOKEN=%s\n' "$(sed 's/^[^:]*: //' "$TOKEN_HEADER")"; fi
      printf 'export NOMAD_BIN=%q\n' "$nomad_bin"
      printf 'export DOCKER_HOST=unix://%s\n' "$DOCKER_SOCK"
      printf 'export POSEIDON_TEST_IMAGE=%s\n' "$IMAGE"
      if has_image "$IMAGE_PYTHON"; then printf 'export POSEIDON_TEST_IMAGE_PYTHON=%s\n' "$IMAGE_PYTHON"; fi
      printf 'export POSEIDON_CLUSTER_DIR=%s\n' "$STATE"
    } >"$STATE/env.new"
    mv "$STATE/env.new" "$STATE/env"
  )
  sed 's/^\(export NOMAD_TOKEN=\).*/# NOMAD_TOKEN is in the file only/' "$STATE/env"
  say "# source $STATE/env"
}

# ---------------------------------------------------------------- in order

check_settings
umask 022
take_lock 900
nomad_bin=${NOMAD_BIN:-$CACHE/nomad/$(sha256sum "$HERE/nomad/go.sum" | cut -c1-16)/nomad}
if [ -n "${NOMAD_BIN:-}" ]; then
  case $(timeout 20 "$nomad_bin" version 2>/dev/null) in
    'Nomad v1.10.5'*) ;;
    Nomad*) warn "NOMAD_BIN is not Nomad 1.10.5, which the tests are written for" ;;
    *) die "NOMAD_BIN is '$nomad_bin', which is no Nomad that can be run" ;;
  esac
  nomad_bin=$(realpath "$nomad_bin")
fi

if [ -n "$(pid_of nomad)" ]; then
  [ "$(cat "$STATE/settings")" = "$(settings)" ] ||
    die "a cluster is up with other settings ($(cat "$STATE/settings"), wanted $(settings)): run down.sh first, or set POSEIDON_CLUSTER_DIR and NOMAD_PORT for a second one"
fi

build=''
# shellcheck disable=SC2317 # called by the trap
at_exit() {
  local code=$?
  [ $code != 0 ] || return 0
  if [ -n "$build" ]; then
    # shellcheck disable=SC2046 # one argument each
    kill $(with_descendants "$build") 2>/dev/null || true
    rm -f "$nomad_bin.new.$$"
  fi
  warn "the cluster is not up; down.sh removes what was started, logs are in $LOGS"
}
trap at_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

mkdir -p "$STATE" "$LOGS" "$RUN"
chmod 0711 "$STATE" "$RUN"
install_packages
[ -n "$(pid_of nomad)" ] || check_ports

if ! [ -x "$nomad_bin" ]; then
  check_go
  say "building Nomad in the background (3 to 6 minutes on 2 cores, once)"
  build_nomad </dev/null >"$LOGS/nomad-build.log" 2>&1 9>&- &
  build=$!
fi

record_before
settings >"$STATE/settings"
[ -e "$RUN/daemon.json" ] || echo '{}' >"$RUN/daemon.json"

start_docker
import_image shell "$IMAGE"
make_pause_image
if [ $python_image = 1 ]; then import_image python "$IMAGE_PYTHON"; fi

if [ -n "$build" ]; then
  wait "$build" || fail_with_log "Nomad could not be built" "$LOGS/nomad-build.log"
  build=''
fi
if [ -z "$(pid_of nomad)" ]; then
  make_cni_folder
  write_agent_config
fi
start_nomad
verify
say "Nomad is up at $ADDR"
write_env
