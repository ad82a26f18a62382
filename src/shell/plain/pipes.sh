# shellcheck shell=bash
# pipes UNIQUE: makes both named pipes of an execution, or finds that its other session has made them. Sets control (root's alone)
# and errors (everybody may write). Fails where no directory takes them, with both empty. A directory without the sticky bit is no
# good, since users could exchange the pipes; what is there and is not root's was planted.
pipes() {
  local directory
  for directory in /tmp /dev/shm; do
    control=$directory/.control_$1 errors=$directory/stderr_$1.fifo
    [[ -k $directory && -w $directory ]] || continue
    mkfifo -m 600 "$control"
    mkfifo -m 622 "$errors"
    [[ -p $control && -O $control && ! -L $control && -p $errors && -O $errors && ! -L $errors ]] && return
    rm -f "$control" "$errors"
  done
  control='' errors=''
  return 1
}
