# shellcheck shell=bash
# shellcheck disable=SC2154  # size comes from reader.sh.
# Sends the content to its end, which may have moved.
((size == 0)) || exec cat <&3
