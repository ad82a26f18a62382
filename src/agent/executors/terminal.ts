/** A command for a terminal: the variables to add to its environment, and what to run in place of the command. */
export interface TerminalCommand {
  /** `NAME=VALUE` each; gone again when the command runs. */
  readonly variables: readonly string[];
  readonly command: readonly string[];
}

/**
 * Leads a command to a terminal made by `script`, which needs no native module and loses no output (lab notes on the sandbox): echo, size
 * 0 x 0, input and output through the pipes outside. `script` takes a shell text only; the arguments travel in variables, since quoting
 * could make them longer than one argument may be.
 */
export function terminalCommand(command: readonly string[]): TerminalCommand {
  const names = command.map((_, index) => `_argument_${index}`);
  const values = names.map((name) => `"$${name}"`).join(" ");
  // The shell in between exports PWD (and, where it is bash, SHLVL and OLDPWD), which Docker does not set.
  const text = `set -- ${values}; unset ${names.join(" ")} PWD OLDPWD SHLVL; exec "$@"`;
  return {
    variables: command.map((argument, index) => `${names[index]}=${argument}`),
    command: ["/usr/bin/script", "-qefE", "always", "-c", text, "/dev/null"],
  };
}
