#!/usr/bin/env bash
# Says what is up of the cluster of up.sh. Exits 0 when all of it is, else 1.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

if [ -s "$STATE/settings" ]; then
  HTTP_PORT=$(sed -nE 's/^port=([0-9]+) .*/\1/p' "$STATE/settings")
fi
check_settings

code=0
for name in containerd dockerd nomad; do
  pid=$(pid_of "$name")
  say "$name: ${pid:-does not run}"
  [ -n "$pid" ] || code=1
done
if [ $code = 0 ]; then
  say "settings: $(cat "$STATE/settings")"
  if node_ready; then say "node: ready, Docker healthy"; else
    say "node: not ready"
    code=1
  fi
  say "jobs: $(nomad_api GET '/v1/jobs?namespace=*' | jq length || true)"
  say "containers: $(docker_cli ps -q | wc -l || true)"
  say "logs: $LOGS"
fi
exit $code
