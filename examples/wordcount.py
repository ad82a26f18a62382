#!/usr/bin/env python3
"""Counts the words of its input, up to the end of the input, and writes them to a file."""

import sys
from collections import Counter

words = Counter(word.lower() for line in sys.stdin for word in line.split())
if not words:
    print("There were no words.", file=sys.stderr)
    sys.exit(1)

with open("words.txt", "w", encoding="utf-8") as file:
    for word, count in words.most_common():
        print(f"{count:5} {word}", file=file)
print(f"{words.total()} words, {len(words)} different ones")
