import { randomBytes } from "node:crypto";
import { repeat } from "../measure/repeat.js";
import type { Step } from "./step.js";

const KB = 1_000;
const MB = 1_000_000;
const LISTED = 20;

const base = { unit: "ms", better: "less", images: "each" } as const;

/** `copy`: PATCH files with one file. That all of it is there is looked at outside of the time. */
function copyOf(id: string, title: string, size: number, goal: Step["goal"]): Step {
  return {
    ...base,
    id,
    title,
    goal,
    async run({ client, bounds }, { runners: [runner] }) {
      const files = `/api/v1/runners/${runner}/files`;
      const content = randomBytes(size).toString("base64");
      const body = JSON.stringify({ copy: [{ path: `copied-${size}/file`, content }] });
      return repeat(async () => {
        const start = performance.now();
        await client.call("PATCH", files, { body });
        const took = performance.now() - start;
        const listed = String(await client.call("GET", `${files}?path=copied-${size}&recursive=false`));
        if (!listed.includes(`"size":${size},`)) throw new Error("the copied file has another size");
        return took;
      }, bounds);
    },
  };
}

export const copySmall = copyOf("copy-1k", "copy 1 KB", KB, { value: 5, ratio: 0.06 });
export const copyLarge = copyOf("copy-10m", "copy 10 MB", 10 * MB, { value: 300 });

/** `list`: recursive, 20 files. */
export const list: Step = {
  ...base,
  id: "list",
  title: `list, ${LISTED} files`,
  goal: { value: 4, ratio: 0.04 },
  async run({ client, bounds }, { runners: [runner] }) {
    const files = `/api/v1/runners/${runner}/files`;
    const copy = Array.from({ length: LISTED }, (_, index) => ({ path: `listed/file${index}`, content: "" }));
    await client.call("PATCH", files, { body: JSON.stringify({ copy }) });
    return repeat(async () => {
      const start = performance.now();
      const answer = String(await client.call("GET", `${files}?path=listed/&recursive=true`));
      const took = performance.now() - start;
      const { files: found } = JSON.parse(answer) as { readonly files: readonly unknown[] };
      if (found.length !== LISTED) throw new Error(`${found.length} of ${LISTED} files were listed`);
      return took;
    }, bounds);
  },
};

/** `download`: GET raw to the last byte. Every byte must be the one that was copied. */
function downloadOf(id: string, title: string, size: number, goal: Step["goal"]): Step {
  return {
    ...base,
    id,
    title,
    goal,
    async run({ client, bounds }, { runners: [runner] }) {
      const files = `/api/v1/runners/${runner}/files`;
      const bytes = randomBytes(size);
      const path = `downloaded-${size}`;
      const body = JSON.stringify({ copy: [{ path, content: bytes.toString("base64") }] });
      await client.call("PATCH", files, { body });
      return repeat(async () => {
        const start = performance.now();
        const answer = await client.call("GET", `${files}/raw?path=${path}`);
        const took = performance.now() - start;
        if (!answer.equals(bytes))
          throw new Error(`the download differs (${answer.length} of ${size} bytes)`);
        return took;
      }, bounds);
    },
  };
}

export const downloadSmall = downloadOf("download-1k", "download 1 KB", KB, { value: 5 });
export const downloadLarge = downloadOf("download-10m", "download 10 MB", 10 * MB, { value: 350 });
