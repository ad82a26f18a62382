#!/usr/bin/env bash
# Takes the cluster of up.sh down and looks that nothing of it is left: no job,
# container, process, mount, network device, firewall chain or control group.
# What took long to make stays in the cache. Safe to run again, also after a
# crash or half an up.sh. Exits 1 and says what when something does remain.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

usage() {
  cat <<'USAGE'
usage: down.sh [--purge]

  --purge  remove the caches too: the Nomad binary, the images, the logs

Environment: POSEIDON_CACHE and POSEIDON_CLUSTER_DIR as for up.sh.
USAGE
}

purge=0
for argument in "$@"; do
  case $argument in
    --purge) purge=1 ;;
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

# Each of the steps goes as far as it can; verify_gone has the last word.

# Through Nomad first: it knows best how to undo what it did (containers, the
# mounts of tasks, CNI's rules). Without purging, as Nomad forgets a purged job's
# allocations before they have ended.
stop_jobs() {
  local id namespace
  [ -n "$(pid_of nomad)" ] || return 0
  nomad_api GET '/v1/jobs?namespace=*' 2>/dev/null | jq -r '.[] | [(.ID | @uri), (.Namespace | @uri)] | @tsv' >"$RUN/jobs" || {
    warn "Nomad does not answer: its jobs are ended with their containers"
    return 0
  }
  while IFS=$'\t' read -r id namespace; do
    nomad_api DELETE "/v1/job/$id?namespace=$namespace" >/dev/null 2>&1 || warn "the job $id could not be stopped"
  done <"$RUN/jobs"
  if [ -s "$RUN/jobs" ]; then
    wait_for 60 no_allocation_runs || warn "allocations still run a minute after their jobs were stopped"
  fi
}

no_allocation_runs() {
  nomad_api GET '/v1/allocations?namespace=*' 2>/dev/null |
    jq -e 'all(.ClientStatus != "running" and .ClientStatus != "pending")' >/dev/null 2>&1
}

# Before any is gone: the daemons may not live to tell.
remember_containers() {
  local folder
  for folder in "$STATE"/docker/containers/*/; do
    [ ! -d "$folder" ] || container_ids+=${container_ids:+$'\n'}$(basename "$folder")
  done
}

# The Docker is ours alone, so everything in it is.
remove_containers() {
  local containers
  [ -n "$(pid_of dockerd)" ] || return 0
  containers=$(docker_cli ps -aq 2>/dev/null) || return 0
  [ -n "$containers" ] || return 0
  # shellcheck disable=SC2086 # one argument each
  DOCKER_TIMEOUT=120 docker_cli rm -f $containers >/dev/null || warn "not every container could be removed"
}

# After a crash: what was asked to end above has, so this is not asked again.
# (Asking would make things worse: a shim that ends lets go of its container,
# whose processes are then nobody's children.)
kill_leftovers() {
  local pids round
  for round in 1 2 3; do
    # shellcheck disable=SC2046 # one argument each
    pids=$(with_descendants $(our_pids) $(container_pids))
    [ -n "$pids" ] || return 0
    [ $round = 1 ] || sleep 1
    # shellcheck disable=SC2086 # one argument each
    kill -KILL $pids 2>/dev/null || true
    wait_for 3 nothing_of_ours || true
  done
}

nothing_of_ours() { [ -z "$(our_pids)$(container_pids)" ]; }

# Processes in our containers, which have no mark, by their control groups.
container_ids=''
container_pids() {
  [ -n "$container_ids" ] || return 0
  grep -lsF "$container_ids" /proc/[0-9]*/cgroup 2>/dev/null | cut -d/ -f3 || true
}

unmount_all() {
  local mounted
  mounts_below_state | while read -r mounted; do
    umount "$mounted" 2>/dev/null || umount -l "$mounted" || true
  done
}

remove_links() {
  local link
  for link in "$DOCKER_BRIDGE" "$NOMAD_BRIDGE" "$COMPOSE_BRIDGE" "$NODE_LINK"; do
    if has_link "$link"; then ip link del "$link" || true; fi
  done
  if [ -e "/run/netns/$NODE_NETWORK" ]; then ip netns del "$NODE_NETWORK" || true; fi
}

# CNI removes an allocation's rules when it ends; what is left are its fixed
# chains, and everything after a crash. They are all ours when there were none
# before and nobody else is up; else only rules with our addresses
# (198.19.x, x of our 16) or our bridge, and the chains of single allocations
# that have such rules, are.
clean_firewall() {
  local table all=0 rules
  command -v iptables-save >/dev/null || return 0
  if [ "$(before_value chains)" = 0 ] && ! others_up; then all=1; fi
  for table in filter nat; do
    rules=$(timeout 20 iptables-save -t "$table" 2>/dev/null | awk -v all=$all -v bridge="$NOMAD_BRIDGE" -v third=$((HTTP_PORT % 16 * 16)) '
      function ours(line,   rest, number) {
        if (index(line, bridge)) return 1
        rest = line
        while (match(rest, /198\.19\.[0-9]+/)) {
          number = substr(rest, RSTART + 7, RLENGTH - 7) + 0
          if (number >= third && number < third + 16) return 1
          rest = substr(rest, RSTART + RLENGTH)
        }
        return 0
      }
      function target(line) { return match(line, / -j [^ ]+/) ? substr(line, RSTART + 4, RLENGTH - 4) : "" }
      /^:(CNI|NOMAD)-/ { name = substr($1, 2); if (all) doomed[name] = 1 }
      /^-A / {
        rule[++n] = $0; in_chain[n] = $2
        if (!all && ours($0)) {
          drop[n] = 1
          if ($2 ~ /^CNI-(DN-)?[0-9a-f]+$/) doomed[$2] = 1
          if (target($0) ~ /^CNI-(DN-)?[0-9a-f]+$/) doomed[target($0)] = 1
        }
      }
      END {
        for (i = 1; i <= n; i++) if (!(in_chain[i] in doomed) && (drop[i] || target(rule[i]) in doomed)) print "-D" substr(rule[i], 3)
        for (c in doomed) print "-F " c
        for (c in doomed) print "-X " c
      }') || continue
    [ -n "$rules" ] || continue
    printf '*%s\n%s\nCOMMIT\n' "$table" "$rules" | timeout 20 iptables-restore --noflush ||
      warn "the firewall's table $table could not be cleaned"
  done
}

# Which addresses are taken and what a plugin answered: CNI's own notes, for
# all networks named "nomad" on this machine.
clean_cni_notes() {
  local file third
  for file in /var/run/cni/nomad/198.19.*; do
    third=${file##*/198.19.}
    third=${third%%.*}
    if [ -e "$file" ] && [ $((third / 16)) = $((HTTP_PORT % 16)) ]; then rm -f "$file"; fi
  done
  grep -lsF "\"$NOMAD_BRIDGE\"" /var/lib/cni/results/* 2>/dev/null | xargs -r rm -f || true
  if [ "$(before_value chains)" = 0 ] && ! others_up; then
    rm -f /var/run/cni/nomad/last_reserved_ip.* /var/run/cni/nomad/lock
    for file in /var/run/cni/nomad /var/run/cni /var/lib/cni/results /var/lib/cni; do
      rmdir "$file" 2>/dev/null || true
    done
  fi
}

cgroups_removed() {
  local folder
  cgroup_folders | while read -r folder; do
    find "$folder" -depth -type d -exec rmdir {} \; 2>/dev/null || true
  done
  [ -z "$(cgroup_folders)" ]
}

restore_machine() {
  if ! others_up && [ "$(before_value cgroups)" = 0 ]; then
    # A process that was just killed may still be in one.
    wait_for 5 cgroups_removed || true
  fi
  # Docker and CNI switch it on. Any other bridge may count on it by now.
  if [ "$(before_value ip_forward)" = 0 ] && ! others_up && ! has_link docker0; then
    echo 0 >/proc/sys/net/ipv4/ip_forward || true
  fi
}

remove_files() {
  local name
  # Never into a mount that could not be undone: it may show the machine's files.
  [ -z "$(mounts_below_state)" ] || return 0
  for name in a m nomad docker containerd cni run agent.hcl settings env; do
    rm -rf --one-file-system "${STATE:?}/$name"
  done
  # Kept while others are up: what had to be left because of them is still ours
  # to remove after the next up.
  others_up || rm -f "$STATE/before"
  if [ $purge = 1 ]; then
    rm -rf --one-file-system "${STATE:?}/log" "${CACHE:?}/nomad" "${CACHE:?}/images"
    rm -f "$STATE/lock"
    rmdir "$STATE" "$CACHE" 2>/dev/null || true
  fi
}

verify_gone() {
  local left='' what
  what=$({ our_pids; container_pids; } | while read -r pid; do printf '%s (%s) ' "$pid" "$(cat "/proc/$pid/comm" 2>/dev/null)"; done)
  [ -z "$what" ] || left+="processes: $what"$'\n'
  what=$(mounts_below_state | tr '\n' ' ')
  [ -z "$what" ] || left+="mounts: $what"$'\n'
  for what in "$DOCKER_BRIDGE" "$NOMAD_BRIDGE" "$COMPOSE_BRIDGE" "$NODE_LINK"; do
    ! has_link "$what" || left+="network device: $what"$'\n'
  done
  if [ "$chains_were" = 0 ] && ! others_up; then
    what=$(cni_chains | tr '\n' ' ')
    [ -z "$what" ] || left+="firewall chains: $what"$'\n'
  fi
  if [ "$cgroups_were" = 0 ] && ! others_up; then
    what=$(cgroup_folders | tr '\n' ' ')
    [ -z "$what" ] || left+="control groups: $what"$'\n'
  fi
  for what in a m nomad docker containerd run; do
    [ ! -e "$STATE/$what" ] || left+="files: $STATE/$what"$'\n'
  done
  [ -z "$left" ] || {
    warn "the cluster is not wholly gone:"
    printf '%s' "$left" >&2
    exit 1
  }
}

# ---------------------------------------------------------------- in order

if [ -s "$STATE/settings" ]; then
  HTTP_PORT=$(sed -nE 's/^port=([0-9]+) .*/\1/p' "$STATE/settings")
fi
check_settings
if [ ! -e "$STATE" ] && nothing_of_ours && ! has_link "$DOCKER_BRIDGE"; then
  say "nothing is up in $STATE"
  exit 0
fi
take_lock 900
mkdir -p "$RUN"
chains_were=$(before_value chains)
cgroups_were=$(before_value cgroups)

remember_containers
stop_jobs
stop_daemon nomad 20
remove_containers
stop_daemon dockerd 30
stop_daemon containerd 20
kill_leftovers
unmount_all
remove_links
clean_firewall
clean_cni_notes
restore_machine
remove_files
verify_gone
say "the cluster is down"
