# shellcheck shell=bash
# shellcheck disable=SC2154  # nonce and words come from receive.sh.
# Ends a command whose own sessions broke off. The one word received is the unique part of its pipes' names, by which its shell is found.
# SIGQUIT goes to what its terminal has in the foreground. Writes the end marker: 0 when the command has ended, 1 when it still runs
# 3 s later.
exec 2>/dev/null
echo ready
receive 0 || exit 1
unique=${words[0]}

# look: sets shells, the command's (terminal.sh, the one with at least four arguments), and parents, the parents of all processes that live.
look() {
  local folder arguments stat
  shells=() parents=()
  for folder in /proc/[0-9]*; do
    [[ $folder == "/proc/$$" ]] && continue
    IFS= read -r stat <"$folder/stat" || continue
    # Behind the name, which may hold anything: state, parent, group, session, terminal, its foreground group.
    read -r -a stat <<<"${stat##*) }"
    [[ ${stat[0]} == [ZX] ]] && continue
    parents[stat[1]]=1
    mapfile -d '' -n 10 -t arguments <"$folder/cmdline" || continue
    [[ ${#arguments[@]} -eq 10 && ${arguments[6]} == "$unique" && -O $folder ]] || continue
    shells[${folder#/proc/}]=$((stat[5] > 0 ? stat[5] : stat[2]))
  done
}

code=1
for ((looks = 0; looks < 60; looks++)); do
  look
  running=
  for shell in "${!shells[@]}"; do
    if [[ ${parents[shell]} ]]; then
      running=1
      # Once more, for a command that was just starting.
      ((looks == 0 || looks == 5)) && kill -QUIT -- "-${shells[shell]}"
    else
      # It waits to be told that its marker was seen.
      kill -TERM "$shell"
    fi
  done
  [[ $running ]] || {
    code=0
    break
  }
  sleep 0.05
done
((code)) || rm -f "/tmp/stderr_$unique.fifo" "/dev/shm/stderr_$unique.fifo"
printf '%s:%03d\n' "$nonce" "$code"
stay
