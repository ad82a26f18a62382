/** `/sbin/setuser USER COMMAND…` where a sandbox has two users. HOME stays as it is, as with the image's own script. */
export const SETUSER = `#!/bin/sh
name=$1
shift
exec /usr/bin/setpriv --reuid "$name" --regid "$name" --init-groups --inh-caps=-all -- "$@"
`;

/**
 * `/sbin/setuser USER COMMAND…` where a sandbox has one id only: the command keeps it and loses every capability, so that it cannot
 * look into the processes of the shells around it.
 */
export const SETUSER_SINGLE = `#!/bin/sh
shift
exec /usr/bin/setpriv --bounding-set=-all --inh-caps=-all -- "$@"
`;
