# shellcheck shell=bash
# shellcheck disable=SC2034  # What is set here is used where this text is put in front.
# loop_pipes UNIQUE: makes the two pipes of a terminal loop, root's alone: handover (what the command is) and loop (what only root may
# know). Sets directory, handover, loop. A directory without the sticky bit is no good, since users could exchange the pipes.
loop_pipes() {
  for directory in /tmp /dev/shm; do
    handover=$directory/.handover_$1 loop=$directory/.loop_$1
    [[ -k $directory && -w $directory ]] || continue
    mkfifo -m 600 "$handover" "$loop" && return
    rm -f "$handover" "$loop"
  done
  return 1
}
