# shellcheck shell=bash
# shellcheck disable=SC2154  # nonce and words come from receive.sh.
# Deletes paths and extracts a tar stream, as root. Argument: `copy` when a tar stream follows the words, which are the paths to delete.
# Writes what tar writes, then the end marker with its exit code, and the nonce to stderr.
exec 3>&1 4>&2 2>/dev/null
echo ready
receive 0 || exit 1
umask 022

# remove PATH…: in pieces, since an argument list is limited.
remove() {
  local first
  for ((first = 1; first <= $#; first += 200)); do
    rm -rf -- "${@:first:200}"
  done
}
literal=()
for path in "${words[@]}"; do
  if [[ $path == './*' ]]; then remove ./*; else literal+=("$path"); fi
done
remove "${literal[@]}"

code=0
if [[ $1 == copy ]]; then
  # The end of this pipe tells that tar has ended; bash can wait for it with a time limit, unlike for a process.
  exec 5< <(TAR_OPTIONS='' LC_ALL=C exec tar --extract --absolute-names --file=- 6>&1 <&0 >&3 2>&4)
  extractor=$!
  before=
  while IFS= read -r -t 20 -u 5; (($? > 128)); do
    # Nothing moved between two looks: the server is gone.
    now=$(</proc/$extractor/io)
    if [[ $now && $now == "$before" ]]; then
      kill -KILL "$extractor"
      wait
      exit 1
    fi
    before=$now
  done
  wait "$extractor"
  code=$?
fi
printf '%s\n' "$nonce" >&4
printf '%s:%03d\n' "$nonce" "$code" >&3
stay
