# shellcheck shell=bash
# shellcheck disable=SC2154  # nonce and words come from receive.sh.
# Ends a command whose own sessions broke off. The words received are the unique part of its terminal's pipes' names, by which its shell is found;
# for a command in resident sessions also those of its control loop and of its stderr pipe's name.
# SIGQUIT goes to what its terminal has in the foreground. Writes the end marker: 0 when the command has ended, 1 when it still runs
# 3 s later.
exec 2>/dev/null
echo ready
receive 0 || exit 1
unique=${words[0]} control=${words[1]} pipe=${words[2]:-$unique}

# look: sets shells, the command's (terminal.sh, the one with at least four arguments), and parents, the parents of all processes that live.
look() {
  local folder arguments line fields
  local loop=
  shells=() parents=()
  for folder in /proc/[0-9]*; do
    [[ $folder == "/proc/$$" ]] && continue
    IFS= read -r line <"$folder/stat" || continue
    # Behind the name, which may hold anything: state, parent, group, session, terminal, its foreground group.
    # shellcheck disable=SC2206  # They are numbers.
    fields=(${line##*) })
    [[ ${fields[0]} == [ZX] ]] && continue
    parents[fields[1]]=1
    mapfile -d '' -n 10 -t arguments <"$folder/cmdline" || continue
    [[ $control && ${arguments[6]} == "$control" && ${#arguments[@]} -eq 8 && -O $folder ]] && loop=${folder#/proc/}
    [[ ${#arguments[@]} -eq 10 && ${arguments[6]} == "$unique" && -O $folder ]] || continue
    shells[${folder#/proc/}]=$((fields[5] > 0 ? fields[5] : fields[2]))
  done
  # It swallows what the command still prints, and lets the terminal loop leave once the command has ended.
  [[ $loop ]] && kill -TERM "$loop"
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
((code)) || rm -f {/tmp,/dev/shm}/"stderr_$pipe.fifo"
printf '%s:%03d\n' "$nonce" "$code"
stay
