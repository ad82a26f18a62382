# shellcheck shell=bash
# shellcheck disable=SC2154  # remove_all comes from remove-all.sh.
# The control loop of a warm runner (docs/runner-shell.md), run by root without a terminal. Arguments: what it is found by; the text that
# reads a file. Its first line of
# input is a secret; a request begins with that and ends with NUL, and only counted bytes follow. Everything else ends the loop, since it
# can be what a learner's file left behind. Answers in lines, results of file operations between a line `job PID` and the end marker.
exec 4>&2 2>/dev/null
IFS= read -r -t 30 secret && [[ $secret ]] || exit 1
for tool in cat head ls mkfifo rm tar; do
  if ! type -P "$tool" >/dev/null; then
    printf 'lacks %s\n' "$tool"
    # Nomad cuts the output of what has ended.
    read -r -t 30 tool
    exit 1
  fi
done
# Bytes are counted, not characters. Listings are sorted as the image's locale has it.
order=${LC_ALL:-${LC_COLLATE:-$LANG}}
LC_ALL=C
home=$PWD reader=$2 directory='' errors='' copier='' sender=''
# Jobs are process groups of their own; a pipe whose reader has gone is an error, not our end.
set -m
trap : PIPE

# guard PROCESS: ends PROCESS in 45 s, since bytes that are still to come never will when the server has died. What one message of the server's
# carries (32 KiB) is all there or not at all and needs no guard.
guard() {
  # A pipe that stays silent is no sleep that others could see.
  { read -r -t 45 <> <(:) || kill -KILL -- "$1"; } 4>&- 6>&- 8<&- 9>&- &
  guarding=$!
}

unguard() {
  kill -KILL "$guarding"
  wait "$guarding"
}

# counted SIZE: reads so many bytes into REPLY. Without a time limit, which would cost two system calls for each of them.
counted() {
  REPLY=
  ((${1} > 0)) || return 0
  ((${1} > 30000)) && guard "$$"
  IFS= read -r -N "$1" || exit 1
  ((${1} > 30000)) && unguard
  return 0
}

# terminal DIRECTORY UNIQUE: the terminal loop UNIQUE has made its two pipes in DIRECTORY and waits.
terminal() {
  local handover=$1/.handover_$2 loop=$1/.loop_$2
  directory=
  exec 6>&- 9>&-
  for pipe in "$handover" "$loop"; do
    if ! [[ -k $1 && -p $pipe && -O $pipe && ! -L $pipe ]]; then
      echo refused
      return
    fi
  done
  # Opened for both directions nothing blocks; then there is a reader.
  exec 5<>"$handover" && exec 9>"$handover" && exec 5<>"$loop" && exec 6>"$loop" && directory=$1
  exec 5>&-
  if [[ $directory ]] && printf '%s\n' "$$" >&6; then echo opened; else echo refused; fi
}

# send TEXT DESCRIPTOR: more than an empty pipe surely takes may have to wait for its reader.
send() {
  if ((${#1} <= 4096)); then
    printf %s "$1" >&"$2"
  else
    printf %s "$1" >&"$2" 4>&- 8<&- &
    sender=$!
  fi
}

# execute NONCE root|user STREAMS UNIQUE SIZE, SIZE bytes of request: hands a command over to the terminal loop. The stderr pipe is the last
# command's where that has the same UNIQUE: making one, copying from it and removing it would start three programs.
execute() {
  local request pipe=
  counted "$5"
  request=$REPLY REPLY=
  (($3 == 2)) && pipe=$directory/stderr_$4.fifo
  if [[ ! $directory || ! -d $home || $errors && $errors != "$pipe" ]]; then
    echo refused
    return
  fi
  if [[ $pipe && ! $errors ]]; then
    if ! { mkfifo -m 622 "$pipe" && [[ -p $pipe && -O $pipe && ! -L $pipe ]] && exec 8<>"$pipe"; }; then
      rm -f "$pipe"
      echo refused
      return
    fi
    errors=$pipe
  fi
  if [[ $2 == root ]]; then
    # Who waits for us stays until it can see that there is a command.
    printf '%s root %s %s\n' "$1" "${#request}" "$pipe" >&6
    printf 'leave\n' >&9
    send "$request" 6
  else
    request=$pipe$'\n'$request
    printf '%s user %s %s\n' "$1" "${#request}" "$pipe" >&6
    send "$request" 9
  fi
  if [[ $errors ]] && ! kill -0 "$copier"; then
    cat <&8 >&4 4>&- 6>&- 8<&- 9>&- &
    copier=$!
  fi
  echo started
}

# finish keep|drop: nothing is to be left of the last execution, whose end the server has seen; `drop` lets the terminal loop leave.
finish() {
  # Where the command never read all of it.
  if [[ $sender ]]; then kill -KILL "$sender"; fi
  sender=
  if [[ $1 == drop ]]; then
    exec 6>&- 9>&-
    directory=
  fi
  if [[ $errors ]]; then
    kill -KILL "$copier"
    exec 8<&-
    rm -f "$errors"
    wait "$copier"
    errors='' copier=''
  fi
  echo finished
}

# settle NONCE PID: waits for a job. One that was killed has not told its end.
settle() {
  local state
  wait "$2"
  state=$?
  if ((state > 128)); then printf '%s:%03d\n' "$1" "$state"; fi
}

# list NONCE root|user -|--recursive SIZE, the path
list() {
  local path change=() options=(-l -1 --time-style=+%s --quoting-style=c --block-size=1)
  counted "$4"
  path=$REPLY
  [[ $2 == user ]] && change=(/sbin/setuser user)
  [[ $3 == - ]] || options+=("$3")
  {
    printf 'job %s\n' "$BASHPID"
    export LC_COLLATE="$order" LC_ALL='' LC_CTYPE=C LC_MESSAGES=C
    # Through a pipe of its own: what runs as the user may not keep ours.
    if [[ $2 == user ]]; then
      "${change[@]}" ls "${options[@]}" -- "$path" | cat
    else
      ls "${options[@]}" -- "$path"
    fi
    code=${PIPESTATUS[0]}
    if ((code)) && ! ls "${options[@]:0:5}" -d / >/dev/null; then
      code=120
      [[ $(ls --version) != *GNU* ]] || code=121
    fi
    printf '%s:%03d\n' "$1" "$code"
  } </dev/null 4>&- 6>&- 8<&- 9>&- &
  settle "$1" $!
}

# fetch NONCE root|user LIMIT SIZE, the path: what reader.sh writes; no content where it is longer than LIMIT.
fetch() {
  local path change=()
  counted "$4"
  path=$REPLY
  [[ $2 == user ]] && change=(/sbin/setuser user)
  {
    printf 'job %s\n' "$BASHPID"
    "${change[@]}" /bin/bash --norc -p -c "$reader" reader "$path" "$3" | cat
    printf '%s:%03d\n' "$1" "${PIPESTATUS[0]}"
  } </dev/null 4>&- 6>&- 8<&- 9>&- &
  settle "$1" $!
}

# update NONCE BYTES SIZE…, the paths to delete, BYTES of a tar stream. The output is what tar writes. The end marker is ours, not the job's:
# whoever sees it can rely on us, since all of the tar stream was read.
update() {
  local nonce=$1 bytes=$2 size state words=()
  shift 2
  for size; do
    counted "$size"
    words+=("$REPLY")
  done
  {
    printf 'job %s\n' "$BASHPID"
    umask 022
    remove_all "${words[@]}"
    states=(0 0)
    if ((bytes)); then
      ((bytes > 30000)) && guard "-$BASHPID"
      head -c "$bytes" | TAR_OPTIONS='' LC_ALL=C tar --extract --absolute-names --file=- 3>&1 >/dev/null 2>&3
      states=("${PIPESTATUS[@]}")
      ((bytes > 30000)) && unguard
    fi
    exit $((states[0] ? 255 : states[1]))
  } <&0 4>&- 6>&- 8<&- 9>&- &
  wait $!
  state=$?
  # What was not read of the tar stream must never be taken for a request.
  ((state < 128)) || exit 1
  printf '%s:%03d\n' "$nonce" "$state"
}

# leave: lets the terminal loop go, and waits for a command that still runs: nobody reads its stderr, yet writing to it must go on.
leave() {
  trap '' TERM
  unset secret
  exec 6>&- 9>&-
  if [[ $errors ]]; then
    if exec 5<"$errors"; then
      exec 8<&-
      kill -KILL "$copier"
      cat <&5 >/dev/null
    fi
    rm -f "$errors"
  fi
}
# Whoever ends a command whose sessions broke off (plain/end.sh).
trap 'leave; exit 0' TERM

printf 'ready %s\n' "$$"
while IFS= read -r -t 30 -N 1 first && IFS=' ' read -r -d '' -a words && [[ $first${words[0]} == "$secret" ]]; do
  case ${words[1]} in
    '') ;; # The server lives.
    terminal | execute | finish) "${words[1]}" "${words[@]:2}" ;;
    list | fetch | update)
      # By its path: the working directory may have been deleted and made anew.
      [[ . -ef $home ]] || cd -- "$home" || break
      "${words[1]}" "${words[@]:2}"
      ;;
    *) break ;;
  esac
done
leave
