# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # kind, control and descriptor 7 are terminal.sh's.
# Whether a terminal may serve another execution: nothing of the last one may be left, no process, no input, no mode.
declare -A known=()
modes='' rows='' columns=''

# scan: sets now to the processes that are there, each with the moment of its start. The control loop's own children do not count.
scan() {
  local tries each line fields before after
  for tries in 1 2 3; do
    now=()
    read -r _ _ _ _ before </proc/loadavg || return
    for each in /proc/[0-9]*; do
      line=
      IFS= read -r -d '' line <"$each/stat"
      if [[ ! $line ]]; then
        if [[ -e $each ]]; then return 1; fi
        continue
      fi
      # The name may hold anything; what stands behind it are numbers.
      # shellcheck disable=SC2206
      fields=(${line##*) })
      [[ ${fields[1]} == "$control" ]] || now+=("${each#/proc/}:${fields[19]}")
    done
    read -r _ _ _ _ after </proc/loadavg || return
    # Who hops from number to number could be missed while processes come.
    [[ $before == "$after" ]] && return
  done
  return 1
}

# remember: what is there before the first execution, and the terminal's modes and size; modes stays empty where it cannot be used again.
remember() {
  local each
  scan || return
  for each in "${now[@]}"; do known[$each]=1; done
  type -P stty >/dev/null && read -r rows columns < <(stty size <&7) && modes=$(stty -g <&7)
}

# alone: succeeds when nothing that could disturb another execution is left of the last one. From then on nobody is there who could.
alone() {
  local each line fields
  [[ $modes && $kind == user ]] || return
  # Nothing is left of the request either.
  if read -r -t 0 -u 3; then return 1; fi
  scan || return
  for each in "${now[@]}"; do [[ ${known[$each]} ]] || return; done
  # We are the foreground group, and the terminal can be opened (TIOCEXCL).
  IFS= read -r line <"/proc/$$/stat" || return
  # shellcheck disable=SC2206
  fields=(${line##*) })
  [[ ${fields[2]} == "${fields[5]}" ]] || return
  exec 9<>/proc/self/fd/7 || return
  exec 9>&-
}

# restore: succeeds when the terminal is as it was, or could be set back.
restore() {
  # No input is pending, not even a line without its end, which shows only when the line mode is off.
  stty -icanon min 1 time 0 <&7 || return
  if read -r -t 0 -u 7; then return 1; fi
  stty "$modes" rows "$rows" columns "$columns" <&7
}
