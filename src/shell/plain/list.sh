# shellcheck shell=bash
# shellcheck disable=SC2154  # nonce and words come from receive.sh.
# Lists a path. Arguments: `root` or `user`; `--recursive` or nothing. The one word received is the path. Writes ls's lines, then the
# end marker with its exit code, 120 where ls is not GNU's, 121 where it is and fails on every file.
exec 2>/dev/null
echo ready
receive 0 || exit 1
change=()
[[ $1 == user ]] && change=(/sbin/setuser user)
options=(-l -1 --time-style=+%s --quoting-style=c --block-size=1 ${2:+"$2"})
# Sorted as its locale has it; everything else in a form that can be read by a program.
export LC_COLLATE="${LC_ALL:-${LC_COLLATE:-$LANG}}" LC_ALL='' LC_CTYPE=C LC_MESSAGES=C

set -m
{
  trap : TERM
  "${change[@]}" ls "${options[@]}" -- "${words[0]}"
  code=$?
  if ((code)) && ! ls "${options[@]:0:5}" -d / >/dev/null; then
    code=120
    [[ $(ls --version) != *GNU* ]] || code=121
  fi
  printf '%s:%03d\n' "$nonce" "$code"
} </dev/null &
set +m
stay
