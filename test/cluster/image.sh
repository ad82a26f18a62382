#!/usr/bin/env bash
# Writes the root file system of a test image as a tar file, without any image
# registry: debootstrap, plus what the service expects of an image.
#
#   image.sh shell|python TARGET.tar
#
# "shell" has a /sbin/setuser of two lines, which costs next to nothing;
# "python" has one in Python, as phusion's base images have it, and so shows
# what real images cost.
set -euo pipefail

variant=$1 target=$2
packages=make,procps
case $variant in
  shell) ;;
  python) packages+=,python3-minimal ;;
  *)
    echo "image.sh: unknown variant '$variant'" >&2
    exit 2
    ;;
esac

work=$(mktemp -d "$(dirname "$target")/image.XXXXXX")
root=$work/root
cleanup() {
  # debootstrap mounts /proc in there and leaves it when it is interrupted
  awk -v dir="$work/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
    while read -r mounted; do umount -l "$mounted" || true; done
  rm -rf --one-file-system "$work"
}
trap cleanup EXIT
trap 'exit 143' TERM INT

# The mirror that apt is set up for on this machine; debootstrap's own default
# where that cannot be told.
# shellcheck disable=SC2016 # apt-get's own placeholders
mirror=$(apt-get indextargets --format '$(REPO_URI)' \
  'Created-By: Packages' 'Codename: bookworm' 'Component: main' 2>/dev/null | head -n 1 || true)

timeout 900 debootstrap --variant=minbase --include="$packages" bookworm "$root" ${mirror:+"$mirror"}

timeout 60 chroot "$root" useradd -m -s /bin/bash user
install -d -m 0755 -o "$(awk -F: '$1 == "user" { print $3 }' "$root/etc/passwd")" \
  -g "$(awk -F: '$1 == "user" { print $4 }' "$root/etc/passwd")" "$root/workspace"

if [ "$variant" = shell ]; then
  cat >"$root/sbin/setuser" <<'SETUSER'
#!/bin/sh
u=$1; shift; eval "HOME=~$u"; USER=$u; export HOME USER; exec setpriv --reuid "$u" --regid "$u" --init-groups -- "$@"
SETUSER
else
  cat >"$root/sbin/setuser" <<'SETUSER'
#!/usr/bin/python3
"""setuser USER COMMAND [ARGUMENT...]: runs a command as another user."""
import os
import pwd
import sys


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: setuser USER COMMAND [ARGUMENT...]")
    try:
        user = pwd.getpwnam(sys.argv[1])
    except KeyError:
        sys.exit("setuser: user %s not found" % sys.argv[1])
    os.initgroups(user.pw_name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.environ.update(USER=user.pw_name, HOME=user.pw_dir, UID=str(user.pw_uid))
    try:
        os.execvp(sys.argv[2], sys.argv[2:])
    except OSError as error:
        sys.exit("setuser: cannot execute %s: %s" % (sys.argv[2], error))


main()
SETUSER
fi
chmod 0755 "$root/sbin/setuser"

# What no test needs: it would be imported again at every start.
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/* \
  "$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/usr/share/locale/*
# The name server of the machine that built it is nobody's business.
: >"$root/etc/resolv.conf"
echo poseidon-test >"$root/etc/hostname"

tar -C "$root" --one-file-system -c . >"$work/image.tar"
mv "$work/image.tar" "$target"
