# shellcheck shell=bash
# stay: waits for the server's `end`, ends the background job if it still runs, and leaves. Nomad cuts the output of what has ended,
# so the server says when it has everything; every few seconds a line shows that it lives. The job ignores SIGTERM by a trap, so that
# what it runs ends alone and is reaped by it: PID 1 of many runners reaps nothing.
stay() {
  local word
  while IFS= read -r -t 30 word && [[ $word != end ]]; do :; done
  # The whole job: it is a process group of its own.
  kill %1
  # Also what its user has stopped.
  kill -CONT %1
  wait
  exit 0
}
