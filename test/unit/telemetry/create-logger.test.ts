import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { requestContext } from "../../../src/lib/request-context.js";
import { createLogger, type LogThreshold } from "../../../src/telemetry/create-logger.js";
import { Duration } from "../../../src/telemetry/duration.js";
import type { Logger } from "../../../src/telemetry/logger.js";
import { parseTextLine } from "./parse-line.js";

const TIME = Date.UTC(2026, 10, 23, 13, 21, 16, 548) + 0.986;

function collect(formatter: "TextFormatter" | "JSONFormatter", level: LogThreshold = "trace") {
  const written: string[] = [];
  const destination = { write: (line: string) => written.push(line) };
  return { written, logger: createLogger({ level, formatter, destination, now: () => TIME }) };
}

/** Text that could end a line, colour a terminal or reorder what is read. */
const hostile = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom("\n", "\r", "\u001b", "\u009b", "\u2028", "\u202e", '"', "\\", "=", " ", "a"),
  }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
);
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;

function expectOneSafeLine(written: readonly string[]): string {
  expect(written).toHaveLength(1);
  const [line = ""] = written;
  expect(line.endsWith("\n")).toBe(true);
  expect(line.slice(0, -1)).not.toMatch(UNSAFE);
  return line.slice(0, -1);
}

describe("TextFormatter", () => {
  it("writes logrus' form: keys sorted, quoted where needed, microseconds, UTC", () => {
    const { written, logger } = collect("TextFormatter");
    logger.child({ package: "api", runner_id: "10-a" }).info("Runner claimed", {
      error: new Error('no "way"'),
      duration: new Duration(1.2),
      code: 204,
      path: "/api/v1/runners",
      nothing: undefined,
      user_agent: "curl/8.0 (x)",
    });
    expect(written).toEqual([
      'time="2026-11-23T13:21:16.548986Z" level=info msg="Runner claimed" code=204 duration=1.2ms ' +
        'error="no \\"way\\"" package=api path=/api/v1/runners runner_id=10-a user_agent="curl/8.0 (x)"\n',
    ]);
  });

  it("leaves a word bare and escapes as Go does", () => {
    const { written, logger } = collect("TextFormatter");
    logger.warn("stop", {
      a: "",
      b: "x\n\u001b[31m\u009b\u{e0001}é日",
      c: null,
      d: { e: [1] },
      "f g": 1,
      msg: 2,
    });
    expect(written[0]).toContain(
      ` level=warning msg=stop a= b="x\\n\\x1b[31m\\u009b\\U000e0001é日" c="<nil>" d="{\\"e\\":[1]}" f_g=1 fields.msg=2\n`,
    );
  });

  it("gives every event one line that reads back, whatever is in it", () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, (message, first, second) => {
        const { written, logger } = collect("TextFormatter");
        logger.info(message, { first, second });
        const pairs = parseTextLine(expectOneSafeLine(written));
        expect([...pairs.keys()]).toEqual(["time", "level", "msg", "first", "second"]);
        expect(pairs.get("msg")).toBe(message);
        expect(pairs.get("first")).toBe(first);
        expect(pairs.get("second")).toBe(second);
      }),
      { numRuns: 500 },
    );
  });
});

describe("JSONFormatter", () => {
  it("writes an object with time, level, msg and the keys", () => {
    const { written, logger } = collect("JSONFormatter");
    const cause = new Error("connect ECONNREFUSED");
    logger.error("failed", { error: new Error("Nomad", { cause }), duration: new Duration(1.2), level: 1 });
    expect(written).toEqual([
      '{"time":"2026-11-23T13:21:16.548986Z","level":"error","msg":"failed","duration":1200000,' +
        '"error":"Nomad: connect ECONNREFUSED","fields.level":1}\n',
    ]);
  });

  it("gives every event one line that reads back, whatever is in it", () => {
    fc.assert(
      fc.property(hostile, hostile, fc.jsonValue(), (message, key, value) => {
        const { written, logger } = collect("JSONFormatter");
        logger.info(message, { [key]: value });
        const object = JSON.parse(expectOneSafeLine(written));
        expect(object.msg).toBe(message);
        const name = ["time", "level", "msg"].includes(key) ? `fields.${key}` : key;
        expect(object[name]).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 500 },
    );
  });
});

describe("values", () => {
  it.each(["TextFormatter", "JSONFormatter"] as const)("never make %s throw", (formatter) => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const odd = [
      circle,
      1n,
      { big: 1n },
      Symbol("s"),
      () => 1,
      Number.NaN,
      new Date(Number.NaN),
      Object.create(null),
      {
        toJSON() {
          throw new Error("no");
        },
      },
      Buffer.alloc(20_000),
    ];
    for (const value of odd) {
      const { written, logger } = collect(formatter);
      logger.info("odd", { value });
      expectOneSafeLine(written);
    }
  });

  it("are cut to a bound", () => {
    const { written, logger } = collect("TextFormatter");
    logger.info("x".repeat(100_000), { value: "y".repeat(100_000), error: new Error("z".repeat(100_000)) });
    expect(written[0]?.length).toBeLessThan(30_000);
  });

  it("show no stack of an error", () => {
    const { written, logger } = collect("TextFormatter");
    logger.info("failed", { error: new TypeError("wrong"), nested: { error: new Error("inner") } });
    expect(written[0]).toContain(' error=wrong nested="{\\"error\\":\\"inner\\"}"\n');
  });
});

describe("levels", () => {
  const all = (logger: Logger) => {
    for (const level of ["trace", "debug", "info", "warn", "error"] as const) logger[level](level);
  };

  it.each([
    ["trace", 5],
    ["debug", 4],
    ["info", 3],
    ["warn", 2],
    ["warning", 2],
    ["error", 1],
    ["fatal", 0],
    ["panic", 0],
  ] as const)("%s lets %i lines through", (level, count) => {
    const { written, logger } = collect("TextFormatter", level);
    all(logger);
    all(logger.child({ a: 1 }));
    expect(written).toHaveLength(count * 2);
  });
});

it("adds the id of the request on whose behalf a line is written", async () => {
  const { written, logger } = collect("JSONFormatter");
  await requestContext.run({ requestId: "r1" }, async () => {
    await Promise.resolve();
    logger.info("inside");
  });
  logger.info("outside");
  expect(written.map((line) => JSON.parse(line).request_id)).toEqual(["r1", undefined]);
});

it("lets a line's own field win over the child's", () => {
  const { written, logger } = collect("JSONFormatter");
  logger.child({ a: 1, b: 1 }).child({ b: 2, c: 2 }).info("x", { c: 3 });
  expect(JSON.parse(written[0] ?? "")).toMatchObject({ a: 1, b: 2, c: 3 });
});
