# shellcheck shell=bash
# shellcheck disable=SC2154  # nonce and words come from receive.sh.
# Sends a file, or lists. Arguments: `root` or `user`; the text of reader.sh or find-lister.sh. The one word received is the path. Writes what that text writes,
# then the end marker with its exit code. The reader may block for ever (a named pipe): the server's `end` ends it.
exec 2>/dev/null
echo ready
receive 0 || exit 1
change=()
[[ $1 == user ]] && change=(/sbin/setuser user)

set -m
{
  trap : TERM
  "${change[@]}" /bin/bash --norc -p -c "$2" reader "${words[0]}"
  printf '%s:%03d\n' "$nonce" "$?"
} </dev/null &
set +m
stay
