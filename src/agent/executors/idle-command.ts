/** Whether a task's command keeps it alive and does nothing else. */
export function isIdle(command: readonly string[]): boolean {
  const [program, argument, ...rest] = command;
  if (program === undefined) return true;
  return /^(?:(?:\/usr)?\/bin\/)?sleep$/.test(program) && argument === "infinity" && rest.length === 0;
}
