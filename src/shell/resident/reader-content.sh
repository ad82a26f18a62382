# shellcheck shell=bash
# shellcheck disable=SC2154  # size comes from reader.sh.
# Sends the content up to the size that was told, if that is not more than the second argument: a file that grows ends all the same.
((size == 0 || size > $2)) || exec head -c "$size" <&3
