# shellcheck shell=bash
# shellcheck disable=SC2154  # nonce and words come from receive.sh, remove_all from remove-all.sh.
# Deletes paths and extracts a tar stream, as root. Argument: `copy` when a tar stream follows the words, which are the paths to delete.
# Writes what tar writes, then the end marker with its exit code, and the nonce to stderr.
exec 3>&1 4>&2 6<&0 2>/dev/null
echo ready
receive 0 || exit 1
umask 022

remove_all "${words[@]}"

code=0
if [[ $1 == copy ]]; then
  # Told by a pipe: bash can wait for that with a time limit, and its own wait loses the exit code of one process in a thousand.
  exec 5< <(
    (echo "$BASHPID" && TAR_OPTIONS='' LC_ALL=C exec tar --extract --absolute-names --file=- <&6 >&3 2>&4)
    echo "$?"
  )
  IFS= read -r -t 30 -u 5 extractor || exit 1
  before=
  until IFS= read -r -t 20 -u 5 code; do
    # The end of the pipe without a code: something killed what was to tell it.
    (($? > 128)) || exit 1
    # Nothing moved between two looks: the server is gone.
    now=$(</proc/"$extractor"/io)
    if [[ $now && $now == "$before" ]]; then
      kill -KILL "$extractor"
      wait
      exit 1
    fi
    before=$now
  done
fi
printf '%s\n' "$nonce" >&4
printf '%s:%03d\n' "$nonce" "$code" >&3
stay
