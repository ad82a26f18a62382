# shellcheck shell=bash
# shellcheck disable=SC2034  # What is set here is used where this text is put in front.
# take_words DESCRIPTOR: reads the sizes in bytes of the words (a line) and the words themselves, which are counted because they may hold
# anything but NUL. Waits as long as it takes. Sets sizes, words.
take_words() {
  # Bytes are counted, not characters.
  local LC_ALL=C size word
  words=()
  IFS=' ' read -r -u "$1" -a sizes || return
  for size in "${sizes[@]}"; do
    word=
    if ((size)); then
      IFS= read -r -u "$1" -N "$size" word || return
    fi
    words+=("$word")
  done
}
