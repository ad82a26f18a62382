# shellcheck shell=bash
# Ends a job of the control loop, which is a process group. Arguments: its number; `idle` when it is to be ended only if it does nothing.
exec 2>/dev/null
echo ready

# progress GROUP: sets moved to what the processes of the group have done so far, and busy when one of them waits for a disk.
progress() {
  local each line fields
  moved='' busy=
  for each in /proc/[0-9]*; do
    line=
    IFS= read -r -d '' line <"$each/stat"
    # shellcheck disable=SC2206  # What stands behind the name are numbers.
    fields=(${line##*) })
    [[ ${fields[2]} == "$1" ]] || continue
    [[ ${fields[0]} == D ]] && busy=1
    moved+="$each ${fields[11]} ${fields[12]} $(<"$each/io");"
  done
}

if [[ $2 == idle ]]; then
  progress "$1"
  before=$moved
  IFS= read -r -t 1 word
  progress "$1"
  [[ $busy || $moved != "$before" ]] && kept=1
fi
if [[ $kept ]]; then echo kept; else
  echo ended
  kill -KILL -- "-$1"
fi
while [[ $word != end ]] && IFS= read -r -t 30 word; do :; done
