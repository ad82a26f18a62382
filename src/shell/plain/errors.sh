# shellcheck shell=bash
# shellcheck disable=SC2154  # control and errors come from pipes.sh.
# The stderr session of an execution: hands the request over to the terminal session, then copies the command's stderr. Argument: the
# unique part of the pipes' names. Says `ready`. Input: the request's length in bytes (one line), the request, then a line every few seconds, which
# shows that the server lives; `end` ends.
exec 2>/dev/null
pipes "$1" || exit 1
echo ready
if ! { IFS= read -r -t 30 size && LC_ALL=C IFS= read -r -t 30 -N "$size" request; }; then
  rm -f "$control" "$errors"
  exit 1
fi

# A process (group) of its own for everything that can block. It holds the control pipe, whose end is the terminal session's sign to
# leave.
set -m
{
  # Both before the request is sent: the command may be over, and the name of its pipe gone, before we have our next turn.
  exec 9>"$control" 8<"$errors"
  printf %s "$request" >&9
  exec cat <&8 8<&-
} &
copier=$!
set +m
unset request

while IFS= read -r -t 30 word; do
  [[ $word == end ]] && break
  kill -0 "$copier" || break
done
if [[ $word != end && ! -e $control ]] && kill -0 "$copier" && exec 8<"$errors"; then
  # The server is gone and the command still runs: nobody reads its stderr, yet writing to it must go on.
  kill -KILL "$copier"
  wait
  exec cat <&8 >/dev/null
fi
kill -KILL "$copier"
# Nobody else might reap it: PID 1 of many runners does not.
wait
if [[ -e $control || -e $errors ]]; then
  rm -f "$control" "$errors"
fi
