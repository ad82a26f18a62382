/** `/sbin/setuser USER COMMAND…` where there is one user: the command runs as it is. */
export const OWN_SETUSER = `#!/bin/sh
shift
exec "$@"
`;

const SETUSER_PATH = "/sbin/setuser";

/** The file that a task's first bash reads (`BASH_ENV`): gives it our setuser under the path that its commands name, then leaves no trace. */
export function bashEnvironment(ownPath: string): string {
  return `unset BASH_ENV
${SETUSER_PATH}() { ${ownPath} "$@"; }
`;
}

/**
 * Leads a command to our setuser: there is no `/sbin/setuser` on the machine, and without a mount namespace none can be shown. The path
 * is replaced wherever it stands in the arguments, in shell texts too, because \`exec /sbin/setuser\` asks for a file and not for the
 * function of \`bashEnvironment\`, which serves what comes through pipes. `ownPath` needs no quoting in a shell.
 */
export function withOwnSetuser(command: readonly string[], ownPath: string): readonly string[] {
  return command.map((argument) => argument.replace(/(?<![\w./-])\/sbin\/setuser(?![\w./-])/g, ownPath));
}
