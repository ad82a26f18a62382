import { describe, expect, test } from "vitest";
import type { ApiClient } from "../suite/client.js";
import { useRunner } from "./environment.js";

const MANY = 10_000;

/** Very many paths at once. */
export function manyFilesSuite(client: () => ApiClient): void {
  describe("files", () => {
    const place = useRunner(client, 45);
    const { sh } = place;

    test(`${MANY} in one request are all written, listed and removed`, async () => {
      const paths = Array.from({ length: MANY }, (_, at) => `/tmp/many/${at % 100}/file ${at}`);
      const content = Buffer.from("content").toString("base64");
      const written = await client().patch(place.runner, { copy: paths.map((path) => ({ path, content })) });
      expect([written.status, written.text]).toEqual([204, ""]);
      const { files } = (await client().list(place.runner, { path: "/tmp/many" })).json();
      const names = files
        .filter((file: { entryType: string; size: number }) => file.entryType === "-" && file.size === 7)
        .map((file: { name: string }) => file.name);
      expect(names.sort()).toEqual(paths.sort());
      expect((await client().patch(place.runner, { delete: paths })).status).toBe(204);
      expect(await sh("find /tmp/many -type f | wc -l")).toBe("0\n");
    });
  });
}
