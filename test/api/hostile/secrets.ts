import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LogDestination } from "../../../src/telemetry/standard-error.js";
import { runnersApart } from "../runners-apart.js";
import { type Answer, ApiClient, type ExecuteBody, type Runner } from "../suite/client.js";
import type { StartedTarget } from "../suite.js";

/** Starts a server with these variables, whose log lines at every level go to `log`. */
export type StartWithLog = (
  variables: Readonly<Record<string, string>>,
  options: { readonly log: LogDestination },
) => Promise<StartedTarget>;

/** A word that nothing holds by chance, and that no escaping changes. */
const secret = (what: string): string => `${what}${randomBytes(12).toString("hex")}`;

/**
 * Tokens, commands, file contents, values of variables and input: not in a log line, not in an answer, not in a runner. `nomadToken` is
 * the one that the server has for Nomad, empty where it has none.
 */
export function secretSuite(name: string, nomadToken: string, start: StartWithLog): void {
  describe(name, () => {
    const tokens = {
      server: secret("serverToken"),
      wrong: secret("wrongToken"),
      nomad: nomadToken || secret("noToken"),
    };
    const planted = {
      command: secret("command"),
      variable: secret("variable"),
      content: secret("content"),
      input: secret("input"),
      malformed: secret("malformed"),
    };
    const contentBase64 = Buffer.from(`${planted.content}\n`).toString("base64");
    const lines: string[] = [];
    const answers: Answer[] = [];
    let target: StartedTarget;
    let client: ApiClient;
    let environment: number;
    let runner: Runner;

    beforeAll(async () => {
      const variables = { POSEIDON_SERVER_TOKEN: tokens.server, POSEIDON_LOGGER_LEVEL: "TRACE" };
      target = await start(variables, { log: { write: (line) => lines.push(line) } });
      client = new ApiClient(target);
      environment = target.firstEnvironmentId;
      answers.push(await client.put(environment));
      runner = await client.claim(environment);
    });
    afterAll(async () => {
      await client?.call("DELETE", `/execution-environments/${environment}`);
      await client?.close();
      await target?.stop();
    });

    const call = async (...request: Parameters<ApiClient["call"]>): Promise<Answer> => {
      const answer = await client.call(...request);
      answers.push(answer);
      return answer;
    };
    const execute = (body: Omit<ExecuteBody, "command"> & { command: string }) =>
      client.run(runner, {
        ...body,
        command: `: ${planted.command}; ${body.command}`,
        environment: { SECRET: planted.variable },
      });

    test("what succeeds and what fails in every way leaves a trail of log lines", async () => {
      const files = `/runners/${runner.id}/files`;
      const copy = (path: string) => ({ path, content: contentBase64 });
      expect((await call("PATCH", files, { json: { copy: [copy("kept"), copy("full/in")] } })).status).toBe(
        204,
      );
      expect((await call("PATCH", files, { json: { copy: [copy("full")] } })).status).toBe(500);
      expect((await call("PATCH", files, { json: { copy: [copy("x".repeat(300))] } })).status).toBe(500);
      for (const body of [
        `{"copy":[{"content":"${planted.malformed}`,
        `"${planted.malformed}"`,
        `${planted.malformed}`,
      ]) {
        expect((await call("PATCH", files, { body })).status).toBe(400);
        expect((await call("POST", `/runners/${runner.id}/execute`, { body })).status).toBe(400);
      }
      const wrong = { copy: [{ path: "x", content: `${contentBase64}!` }] };
      expect((await call("PATCH", files, { json: wrong })).status).toBe(400);
      expect((await call("GET", `${files}/raw?path=missing`)).status).toBe(424);
      expect((await call("GET", `${files}?path=./`)).status).toBe(200);
      for (const environmentOf of [
        { "not a name": planted.variable },
        { NAME: { deep: planted.variable } },
        planted.variable,
      ]) {
        const json = { command: planted.command, environment: environmentOf };
        expect((await call("POST", `/runners/${runner.id}/execute`, { json })).status).toBe(400);
      }
      const quoted = { command: `echo '${planted.command}'` };
      expect((await call("POST", `/runners/${runner.id}/execute`, { json: quoted })).status).toBe(400);
      const long = { command: planted.command.repeat(60_000) };
      expect((await call("POST", `/runners/${runner.id}/execute`, { json: long })).status).toBe(400);
      const headers = { "Poseidon-Token": tokens.wrong };
      expect((await call("GET", "/execution-environments", { headers })).status).toBe(401);
      for (const path of ["/health", "/version", "/openapi.json", "/statistics/execution-environments"]) {
        await call("GET", path);
      }
      expect((await execute({ command: "exit 3" })).last).toEqual({ type: "exit", data: 3 });
      expect((await execute({ command: "cat kept", privilegedExecution: true })).stdout).toBe(
        `${planted.content}\r\n`,
      );
      expect((await execute({ command: "sleep 100", timeLimit: 1 })).last).toEqual({ type: "timeout" });
      const typing = await client.start(runner, { command: "read -rs x; echo got; sleep 100" });
      await typing.started();
      typing.send(`${planted.input}\n`);
      await typing.stdout("got");
      typing.ws.terminate();
      const broken = await client.start(runner, { command: `: ${planted.command}; echo on; sleep 100` });
      await broken.stdout("on");
      expect((await call("DELETE", `/runners/${runner.id}`)).status).toBe(204);
      expect((await broken.result).last?.type).toBe("error");
      runner = await client.claim(environment);
      expect(lines.length).toBeGreaterThan(20);
    });

    test("none of it, and no token, is in a log line", () => {
      for (const word of [...Object.values(tokens), ...Object.values(planted), contentBase64]) {
        expect(lines.filter((line) => line.includes(word))).toEqual([]);
      }
    });

    test("no token and nothing of other requests is in an answer", () => {
      const texts = answers.map(({ text, headers }) => `${JSON.stringify(headers)} ${text}`);
      for (const word of [
        ...Object.values(tokens),
        planted.variable,
        planted.input,
        contentBase64,
        planted.content,
      ]) {
        expect(texts.filter((text) => text.includes(word))).toEqual([]);
      }
    });

    test.skipIf(!runnersApart)(
      "no token is in a runner, for root neither: not in a process, a variable, a file",
      async () => {
        const look =
          "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline /proc/[0-9]*/task/*/environ 2>/dev/null | tr '\\0' '\\n';" +
          "env; set; ls -l /proc/[0-9]*/fd 2>/dev/null; cat /proc/mounts /etc/environment 2>/dev/null;" +
          "grep -rs Token /tmp /secrets /local /alloc /workspace /root /home 2>/dev/null; :";
        for (const privilegedExecution of [true, false]) {
          const { stdout, last } = await client.run(runner, {
            command: 'eval "$LOOK"',
            environment: { LOOK: look },
            privilegedExecution,
          });
          expect(last).toEqual({ type: "exit", data: 0 });
          expect(stdout).toContain("CODEOCEAN=true");
          for (const word of Object.values(tokens)) expect(stdout).not.toContain(word);
          expect(stdout).not.toMatch(/(POSEIDON|NOMAD)_[A-Z_]*TOKEN/);
        }
      },
    );
  });
}
