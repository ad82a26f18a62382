#!/usr/bin/env bash
# Reads a line, greets, complains a little and leaves a file: what the demo shows.
printf 'What is your name? '
read -r name
user=$(id -un 2>/dev/null)
echo "Hello, ${name:-whoever you are}! This is ${user:-$(id -u)} in $PWD."
echo 'This line goes to stderr.' >&2
for number in 1 2 3; do
  echo "$number squared is $((number * number))"
  sleep 0.2
done
echo "$name was here" >greeting.txt
