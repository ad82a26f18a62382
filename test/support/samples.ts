/** The samples of a page of metrics: `name{label="value"}` to its value. */
export function samplesOf(page: string): ReadonlyMap<string, number> {
  const lines = page.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(" ");
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

/** The samples that a server shows now; rejects when it cannot be reached. */
export async function samplesAt(server: {
  readonly baseUrl: string;
  readonly token: string;
}): Promise<ReadonlyMap<string, number>> {
  const page = await fetch(`${server.baseUrl}/metrics`, { headers: { "Poseidon-Token": server.token } });
  return samplesOf(await page.text());
}
