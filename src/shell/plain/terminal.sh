# shellcheck shell=bash
# shellcheck disable=SC2154  # nonce, sizes, words come from receive.sh, control and errors from pipes.sh.
# The terminal session of an execution: runs one command on its terminal. Arguments: the unique part of the pipes' names; `root` or
# `user`; how many output streams are wanted; the length of the request if it comes through the terminal; the unique parts of attempts
# that failed, whose pipes may have appeared since.
# Says `UNIQUE:=` when it waits for the request on the control pipe, `UNIQUE:?` when it waits for it on the terminal, and `UNIQUE:!` when
# the command starts; nothing else of its own.
exec 2>/dev/null
# A description of our own, which stays usable whatever the command does to the one it gets (O_NONBLOCK, for instance).
exec 7<>/proc/self/fd/0 || exec 7<&0
trap : INT QUIT
trap '' TSTP TTIN TTOU

# The command's shell counts SHLVL from nothing and has no traces of us, whatever setuser is written in.
unsets=(-u SHLVL -u OLDPWD -u _)
unset -v "${!NOMAD_@}"
# Bash cannot unset names that are none to it, such as NOMAD_ADDR_a-b.
mapfile -d '' -t variables <"/proc/$$/environ"
for variable in "${variables[@]}"; do
  name=${variable%%=*}
  [[ $name == NOMAD_* && $name == *[!A-Za-z0-9_]* ]] && unsets+=(-u "$name")
done

if [[ $3 == 2 ]] && pipes "$1"; then
  # Opened for both directions nothing blocks, so that we end by ourselves when the other session never comes.
  exec 8<>"$errors" 9<>"$control"
  printf %s "$1:=" >&7
  receive 9 || {
    rm -f "$control" "$errors"
    exit 1
  }
  # For reading alone: its end tells that the other session has ended.
  exec 6<"$control" 9>&-
  rm -f "$control" &
else
  errors=
  # Bash turns the echo off before it prints the prompt.
  IFS= LC_ALL=C read -rs -t 30 -N "$4" -u 7 -p "$1:?" request 2>&7 || exit 1
  exec 9< <(printf %b "$request")
  receive 9 || exit 1
  exec 9<&-
fi

change=()
[[ $2 == user ]] && change=(/sbin/setuser user)
run=("${change[@]}" /usr/bin/env "${unsets[@]}" -- "${words[@]:1}" /bin/bash -c)
(
  trap - INT QUIT TSTP TTIN TTOU
  # From here on what the client types acts on the command, signals too.
  printf %s "$1:!" >&7
  if [[ $errors ]]; then exec 2>"$errors"; else exec 2>&1; fi
  exec 6<&- 7<&- 8<&-
  if ((sizes[0] <= 102400)); then
    exec "${run[@]}" "${words[0]}"
  else
    # Longer than an argument can be: through a pipe, into the shell that runs it.
    # shellcheck disable=SC2016  # Expanded by that shell.
    exec "${run[@]}" 'LC_ALL=C IFS= read -r -d "" -u 3; exec 3<&-; eval "unset REPLY;$REPLY"' 3< <(printf %s "${words[0]}")
  fi
)
code=$?
# Also in the rm, which must not fall to a late Ctrl-C.
trap '' INT QUIT
stale=()
for unique in "${@:5}"; do
  stale+=({/tmp,/dev/shm}/{.control_"$unique",stderr_"$unique".fifo})
done
[[ $errors ]] && rm -f "$errors" "${stale[@]}"

# We stay until the markers were seen: Nomad cuts the output of what has ended.
if [[ $errors ]]; then
  printf '%s\n' "$nonce" >&8
  printf '%s:%03d\n' "$nonce" "$code" >&7
  read -r -u 6
else
  printf '%s:%03d\n' "$nonce" "$code" >&7
  seen=
  while [[ $seen != *"$nonce" ]]; do
    IFS= LC_ALL=C read -rs -t 600 -N 1 -u 7 character || {
      # The command left us without a terminal to read from, or the server is gone.
      (($? > 128)) || sleep 60
      break
    }
    seen+=$character
    ((${#seen} < 8192)) || seen=${seen: -64}
  done
fi
