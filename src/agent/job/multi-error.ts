/**
 * Nomad's text for a list of errors. A list inside a list keeps its own head line and its own empty lines at the end: that is how the
 * nested texts of refused jobs come about (recordings).
 */
export function multiError(errors: readonly string[]): string {
  const head = errors.length === 1 ? "1 error occurred:" : `${errors.length} errors occurred:`;
  return `${head}\n\t${errors.map((error) => `* ${error}`).join("\n\t")}\n\n`;
}
