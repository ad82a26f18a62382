# shellcheck shell=bash
# shellcheck disable=SC2154  # recursive is set in front of this text: empty, or 1.
# Lists the path that is its argument as `ls -l --quoting-style=c --time-style=+%s` does, with `--recursive` where that is wanted. For
# runners in which GNU ls fails on every file: gVisor of 2022 refuses the flag AT_NO_AUTOMOUNT, without which ls 9 asks for nothing.
# Ends with ls's exit codes, and 120 where find or sort is not GNU's.
export LC_COLLATE="${LC_ALL:-${LC_COLLATE:-$LANG}}" LC_ALL='' LC_CTYPE=C LC_MESSAGES=C
code=0

# quoted TEXT: into REPLY, as ls quotes it.
quoted() {
  REPLY=${1//\\/\\\\}
  REPLY=${REPLY//\"/\\\"}
  REPLY=\"${REPLY//$'\n'/\\n}\"
}

# found PATH OPTION…: each entry ends with NUL, and no part of it but a link's target has a slash.
found() {
  find "$@" -printf '%f/%M %n %u %g %s %Ts/%l\0' | sort -z -t/ -k1,1
}

# entries: prints those of standard input, and puts the names of directories into `below`.
entries() {
  local name rest line
  while IFS= read -r -d '' rest; do
    name=${rest%%/*} rest=${rest#*/}
    quoted "$name"
    line="${rest%%/*} $REPLY" rest=${rest#*/}
    if [[ $rest ]]; then
      quoted "$rest"
      line+=" -> $REPLY"
    fi
    printf '%s\n' "$line"
    [[ $line != d* ]] || below+=("$name")
  done
}

# directory PATH LABEL: the path, and how it was asked for.
directory() {
  local name below=()
  if ! [[ -r $1 ]]; then
    code=1
    return
  fi
  if [[ $recursive ]]; then
    quoted "$2"
    printf '%s:\n' "$REPLY"
  fi
  echo 'total 0'
  entries < <(found "$1" -mindepth 1 -maxdepth 1 ! -name '.*')
  [[ $recursive ]] || return
  for name in "${below[@]}"; do
    echo
    directory "$1/$name" "${2%/}/$name"
  done
}

[[ $(find / -maxdepth 0 -printf 'x\n' | sort -z -t/ -k1,1) == x* ]] || exit 120
# Not as an option of find's.
case $1 in
  /*) path=$1 ;;
  ?*) path=./$1 ;;
  *) exit 2 ;;
esac
if [[ -d $path && (! -L $path || $path == */) ]]; then
  [[ -r $path ]] || exit 2
  directory "$path" "$1"
else
  found "$path" -maxdepth 0 | entries | grep . || exit 2
fi
exit "$code"
