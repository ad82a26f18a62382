import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Harness, paths, startHarness } from "../support/harness.js";
import { sandboxMissing } from "../support/sandbox.js";

/** As busybox' ls: it knows no long options but a few. */
const foreignLs = `#!/bin/bash
for option; do
  [[ $option == --?* ]] || continue
  echo "ls: unrecognized option '$option'" >&2
  exit 1
done
exec /opt/tools/ls "$@"
`;

describe.skipIf(sandboxMissing !== undefined).each(paths)(
  "an ls that is not GNU's, on the %s path",
  (path) => {
    let harness: Harness;
    beforeAll(async () => {
      harness = await startHarness({ path, scripts: { ls: foreignLs } });
    });
    afterAll(() => harness.sandbox.stop());

    it.each([false, true])("is a clear error, recursive %s", async (recursive) => {
      await harness.ready();
      for (const [place, privileged] of [
        [".", false],
        ["/nowhere", true],
      ] as const) {
        const listing = harness.shell.list(place, { recursive, privileged });
        await expect(listing).rejects.toMatchObject({ code: "unsupported" });
      }
    });

    it("harms no command", async () => {
      expect((await harness.run("exit 4")).end).toEqual({ kind: "exited", exitCode: 4 });
      expect(harness.taken).toEqual([path]);
    });
  },
);
