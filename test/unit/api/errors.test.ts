import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ApiError } from "../../../src/api/errors.js";
import { errorAnswer } from "../../../src/api/plugins/error-answer.js";
import { errorTables } from "../../../src/api/plugins/error-documentation.js";
import { NomadError } from "../../../src/nomad/errors.js";
import { RunnerError } from "../../../src/runner/errors.js";
import { ShellError } from "../../../src/shell/errors.js";

test("docs/errors.md has the table of the code", () => {
  const text = readFileSync(new URL("../../../docs/errors.md", import.meta.url), "utf8");
  expect(text.includes(errorTables()), "run: npm run docs").toBe(true);
});

test.each<[Error, string, number, string | undefined, string]>([
  [
    new RunnerError("pool-empty", "x"),
    "POST",
    500,
    "NOMAD_OVERLOAD",
    "no runners available for this execution environment",
  ],
  [new RunnerError("environment-not-found", "x"), "POST", 404, undefined, "execution environment not found"],
  [new RunnerError("runner-gone", "x"), "GET", 410, undefined, "no runner found with this id"],
  [new RunnerError("not-supported", "x"), "PUT", 500, "UNKNOWN", "not supported"],
  [
    new ShellError("file-not-found", "x"),
    "GET",
    424,
    undefined,
    "file not found or insufficient permissions",
  ],
  [new ShellError("copy-failed", "tar's words"), "PATCH", 500, "UNKNOWN", "tar's words"],
  [new ShellError("broken", "inner words"), "GET", 500, "UNKNOWN", "the connection to the runner broke off"],
  [new NomadError("unreachable", "words"), "PUT", 500, "NOMAD_UNREACHABLE", "words"],
  [new NomadError("refused", "words"), "DELETE", 500, "NOMAD_INTERNAL_SERVER_ERROR", "words"],
  [new NomadError("refused", "words"), "PATCH", 500, "NOMAD_INTERNAL_SERVER_ERROR", "words"],
  [new NomadError("refused", "words"), "PUT", 500, "UNKNOWN", "words"],
  [new NomadError("placement", "words"), "PUT", 500, "UNKNOWN", "words"],
  [new ApiError(403, "words"), "GET", 403, undefined, "words"],
  [new ApiError(500, "words"), "GET", 500, "UNKNOWN", "words"],
  [new Error("a secret"), "GET", 500, "UNKNOWN", "internal server error"],
])("%s of %s is %d %s", (error, method, status, errorCode, message) => {
  const { surprise, ...answer } = errorAnswer(error, method);
  expect(answer).toEqual({ status, message, ...(errorCode === undefined ? {} : { errorCode }) });
  expect(surprise === true).toBe(message === "internal server error");
});
