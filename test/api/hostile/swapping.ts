import { describe, expect, test } from "vitest";
import type { ApiClient } from "../suite/client.js";
import { useRunner } from "./environment.js";

/** How often each thing is done while a learner's loop exchanges what is there. */
const ROUNDS = 6;

/** Directories, links, pipes and files that change places while they are written, listed and read. */
export function swappingSuite(client: () => ApiClient): void {
  describe("what is swapped in a loop while it happens", () => {
    const place = useRunner(client, 41);
    const { sh, copy, read } = place;

    /** Runs `body` in a loop of the learner's until `work` is done. */
    async function meanwhile(body: string, work: () => Promise<void>): Promise<void> {
      // In a session of its own, or it would go with the command's terminal. It ends with its own folder, whatever is made at this path.
      await sh(
        `rm -rf /tmp/swap; mkdir -p /tmp/swap/real; cd /tmp/swap; echo secret >real/victim; ` +
          `setsid bash -c 'touch real/going; while [ -e real ]; do ${body}; done' </dev/null >/dev/null 2>&1 & ` +
          "until [ -e real/going ]; do sleep 0.01; done",
      );
      try {
        await work();
      } finally {
        // Root's files in the way of the loop are no hindrance.
        await sh("rm -rf /tmp/swap/real; until rm -rf /tmp/swap 2>/dev/null; do sleep 0.01; done", {
          as: "root",
        });
      }
    }

    test("the target of a copy: the other files are right, nothing behind it is written", async () => {
      const body =
        "rm -rf t; ln -s real/victim t; rm -rf t; mkfifo t; rm -rf t; mkdir t; rm -rf t; ln -s t t; rm -rf t; echo own >t";
      await meanwhile(body, async () => {
        for (let round = 0; round < ROUNDS; round += 1) {
          const status = await copy({
            "/tmp/b": `b${round}`,
            "/tmp/swap/t": "copied",
            "/tmp/a": `a${round}`,
          });
          expect(status).toBeOneOf([204, 500]);
          expect([await read("/tmp/b"), await read("/tmp/a")]).toEqual([`b${round}`, `a${round}`]);
          expect(await read("/tmp/swap/real/victim")).toBe("secret\n");
        }
      });
    });

    test("a directory above it: nothing hangs, the other files are right", async () => {
      const body = "rm -rf d; ln -s real d; rm -rf d; mkfifo d; rm -rf d; ln -s d d; rm -rf d; mkdir d";
      await meanwhile(body, async () => {
        for (let round = 0; round < ROUNDS; round += 1) {
          const status = await copy({
            "/tmp/b": `b${round}`,
            "/tmp/swap/d/": "",
            "/tmp/swap/d/one/two": "copied",
            "/tmp/a": `a${round}`,
          });
          expect(status).toBeOneOf([204, 500]);
          expect([await read("/tmp/b"), await read("/tmp/a")]).toEqual([`b${round}`, `a${round}`]);
        }
      });
    });

    test("what is removed: never an error, and nothing behind a link goes", async () => {
      const body = "rm -rf r; ln -s real r; rm -rf r; mkdir -p r/x/y; rm -rf r; mkfifo r";
      await meanwhile(body, async () => {
        for (let round = 0; round < ROUNDS; round += 1) {
          expect(
            (await client().patch(place.runner, { delete: ["/tmp/swap/r", "/tmp/swap/r/"] })).status,
          ).toBe(204);
          expect(await read("/tmp/swap/real/victim")).toBe("secret\n");
        }
      });
    });

    test("what is listed and read: an answer each time, of a file that was there", async () => {
      const body =
        "rm -rf t; ln -s real/victim t; rm -rf t; mkfifo t; rm -rf t; mkdir -p t/t; rm -rf t; echo own >t";
      await meanwhile(body, async () => {
        for (let round = 0; round < ROUNDS; round += 1) {
          const [listed, got] = await Promise.all([
            client().list(place.runner, { path: "/tmp/swap" }),
            client().download(place.runner, { path: "/tmp/swap/t" }),
          ]);
          expect(listed.status).toBe(200);
          const names: string[] = listed.json().files.map(({ name }: { name: string }) => name);
          expect(names).toContain("/tmp/swap/real/victim");
          expect(got.status).toBeOneOf([200, 424]);
          if (got.status === 200) expect(got.text).toBeOneOf(["secret\n", "own\n", ""]);
        }
      });
    });
  });
}
