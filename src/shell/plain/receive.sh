# shellcheck shell=bash
# shellcheck disable=SC2034  # What is set here is used where this text is put in front.
# receive DESCRIPTOR: reads the nonce (one line), the sizes in bytes of the words (one line) and the words themselves, which are
# counted because they may hold anything but NUL. Sets nonce, sizes, words.
receive() {
  # Bytes are counted, not characters.
  local LC_ALL=C size word
  words=()
  IFS= read -r -t 30 -u "$1" nonce || return
  IFS=' ' read -r -t 30 -u "$1" -a sizes || return
  for size in "${sizes[@]}"; do
    word=
    if ((size)); then
      IFS= read -r -t 30 -u "$1" -N "$size" word || return
    fi
    words+=("$word")
  done
}
