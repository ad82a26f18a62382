# shellcheck shell=bash
# shellcheck disable=SC2154  # directory, handover, loop: loop-pipes.sh; sizes, words: words.sh.
# The terminal loop of a warm runner (docs/runner-shell.md), run by root on a terminal. Arguments: the unique part of its pipes' names; the
# text of the process that waits to become the command. Says `UNIQUE:made DIRECTORY;`, `UNIQUE:ready;`, and behind the end marker of an execution
# `NONCE:next;` when the terminal can take another one (in the stderr pipe, where there is one), `NONCE:last;` when not; nothing else of its own.
exec 2>/dev/null
# A description of our own, which stays usable whatever a command does to the one it gets (O_NONBLOCK, for instance).
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
unset variables variable name

if ! loop_pipes "$1"; then
  printf '%s:none;' "$1" >&7
  # Nomad cuts the output of what has ended.
  IFS= read -r -t 30
  exit 1
fi
exec 6<>"$loop" 9<>"$handover"
printf '%s:made %s;' "$1" "$directory" >&7
IFS= read -r -t 30 -u 6 control
# For reading alone: their end tells that the control loop has ended, or wants us to.
exec 5<"$loop" 6<&- 3<"$handover" 9<&-
rm -f "$loop" "$handover"
[[ $control ]] || exit 1
remember
printf '%s:ready;' "$1" >&7

# anew: what a command starts with: signals and descriptors of its own.
anew() {
  trap - INT QUIT TSTP TTIN TTOU
  exec <>/proc/self/fd/7 >&0
}

# await DESCRIPTOR: runs the process that waits there for what it shall be, and then is that. Sets code.
await() {
  (
    anew
    exec 9<&"$1" 3<&- 4<&- 5<&- 7<&-
    exec /sbin/setuser user /bin/bash --norc -p -c "$waiting" waiting "$PWD" "${unsets[@]}"
  )
  code=$?
}

waiting=$2 deaths=0 spoilt='' restoring=''
while :; do
  await 3
  # It can be killed before it was told anything.
  if ! read -r -t 0 -u 5; then
    ((++deaths < 10)) || exit 1
    continue
  fi
  IFS=' ' read -r -u 5 nonce kind size errors || exit 0
  if [[ $kind == root ]]; then
    take_words 5 || exit 0
    (
      anew
      exec 3<&- 5<&- 7<&-
      become "$errors" "$PWD" "${unsets[@]}"
    )
    code=$?
    unset words
  fi
  if [[ $kind == user ]] && read -r -t 0 -u 3; then
    # It ended before it had read what it was to be: somebody killed it. If it had read nothing, another one takes its place.
    if LC_ALL=C IFS= read -r -t 5 -N "$size" -u 3 request; then
      await 4 4< <(printf %s "$request")
    else
      spoilt=1
    fi
    unset request
  fi
  # Nothing of ours may fall to a late Ctrl-C.
  trap '' INT QUIT
  if [[ $errors ]]; then
    # The pipe itself, whatever became of its name.
    exec 8<>"/proc/$control/fd/8" || { [[ -p $errors && -O $errors ]] && exec 8<>"$errors"; }
    printf '%s\n' "$nonce" >&8
  fi
  printf '%s:%03d\n' "$nonce" "$code" >&7
  # It has nothing left to do, but may not be gone.
  [[ ! $restoring ]] || wait "$restoring"
  if [[ $spoilt ]] || ! alone; then
    printf '%s:last;' "$nonce" >&7
    # We stay until the markers were seen: Nomad cuts the output of what has ended.
    IFS= read -r -u 5
    exit 0
  fi
  # The next process starts meanwhile. It is told nothing after `last`, and leaves when the control loop closes its pipes.
  if ! restore; then
    printf '%s:last;' "$nonce" >&7
  elif [[ $errors ]]; then
    # Nobody who could write to it is left: what stands behind this word in the pipe is the next command's.
    printf '%s:next;' "$nonce" >&8
  else
    printf '%s:next;' "$nonce" >&7
  fi 3<&- 5<&- &
  restoring=$!
  exec 8>&-
  nonce='' errors=''
  trap : INT QUIT
done
