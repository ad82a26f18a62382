# shellcheck shell=bash
# Opens a file once, as descriptor 3, and writes `opening` and its size at that moment, each a line. Argument: the path. Fails for what is
# neither a file nor a device. Run as the user on whose behalf the file is read; the text behind this one sends the content.
echo opening
# Not as bash's own /dev/tcp/HOST/PORT, nor as an option.
case $1 in
  /*) path=/$1 ;;
  *) path=./$1 ;;
esac
exec 3<"$path" || exit 1
set -f
# find where GNU ls fails on every file (find-lister.sh).
# shellcheck disable=SC2207  # Without globbing, and with numbers for owner and group, the fields are words.
fields=($(ls -lnL /proc/self/fd/3 || find -L /proc/self/fd/3 -maxdepth 0 -printf '%M %n %U %G %s'))
case ${fields[0]} in
  -*) size=${fields[4]} ;;
  [bc]*) size=0 ;;
  *) exit 1 ;;
esac
echo "$size"
