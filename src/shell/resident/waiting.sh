# shellcheck shell=bash
# shellcheck disable=SC2154  # take_words comes from words.sh, become from become.sh.
# The process that becomes the next command: it was started ahead by setuser, since that takes long, and waits for what it shall be on
# descriptor 9, which root opened for it and no other process of the user can open. Arguments: the image's working directory, then env's options.
# Input: the path of the stderr pipe (a line; empty: none), then the words, which are the command and its environment; or `leave`, or nothing.
exec 2>/dev/null
IFS= read -r -u 9 errors && [[ $errors != leave ]] && take_words 9 || exit 0
exec 9<&-
become "$errors" "$@"
