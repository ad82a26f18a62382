# shellcheck shell=bash
# shellcheck disable=SC2154  # sizes and words come from words.sh.
# become STDERR DIRECTORY OPTION…: becomes the command words[0] with the environment of the other words, in DIRECTORY, with its stderr on the pipe
# STDERR (empty: on the terminal). The options are env's.
become() {
  # By its path: the directory may have been deleted and made anew.
  [[ . -ef $2 ]] || cd -- "$2" || exit 126
  if [[ $1 ]]; then exec 2>"$1"; else exec 2>&1; fi
  if ((${#words[@]} == 2 && $# == 8 && sizes[0] <= 102400)); then
    # Nothing to set but CODEOCEAN and no odd name to take away: so much bash can do itself, and starting env takes longer.
    unset -v SHLVL OLDPWD
    export "${words[1]}"
    exec /bin/bash -c "${words[0]}"
  elif ((sizes[0] <= 102400)); then
    exec /usr/bin/env "${@:3}" -- "${words[@]:1}" /bin/bash -c "${words[0]}"
  else
    # Longer than an argument can be: through a pipe, into the shell that runs it.
    # shellcheck disable=SC2016  # Expanded by that shell.
    exec /usr/bin/env "${@:3}" -- "${words[@]:1}" /bin/bash -c 'LC_ALL=C IFS= read -r -d "" -u 3; exec 3<&-; eval "unset REPLY;$REPLY"' 3< <(printf %s "${words[0]}")
  fi
}
