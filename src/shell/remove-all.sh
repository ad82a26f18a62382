# shellcheck shell=bash
# remove_all PATH…: removes recursively, whatever can be removed. `./*` is what the shell makes of it, every other path is taken literally.
remove_all() {
  local path first paths=()
  for path; do
    if [[ $path == './*' ]]; then paths+=(./*); else paths+=("$path"); fi
  done
  # In pieces, since an argument list is limited.
  for ((first = 0; first < ${#paths[@]}; first += 200)); do
    rm -rf -- "${paths[@]:first:200}"
  done
}
