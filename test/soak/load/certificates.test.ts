import { connect } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AGENT_TOKEN, activatedServer } from "../../support/activated-server.js";
import { Certificates } from "../../support/certificates.js";
import { type CompiledProgram, compileProgram } from "../../support/compiled-program.js";
import { until } from "../../support/until.js";
import { agentProcess } from "./agent-process.js";
import { steadyUsers } from "./steady-users.js";

/** Claims and executions before and after each change. */
const BETWEEN = 400;
const NAMES = ["first", "second"];

const certificates = new Certificates();
let program: CompiledProgram;
beforeAll(() => {
  program = compileProgram();
  for (const name of NAMES) certificates.make(name);
});
afterAll(() => {
  program.remove();
  certificates.remove();
});

/** The subject of the certificate that a new connection is shown. */
async function subject(port: number): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return String(CN);
}

test.each(["at SIGHUP", "by their change alone"])(
  "under 50 claims and executions a second nothing fails while certificates are exchanged, %s",
  { timeout: 400_000 },
  async (how) => {
    certificates.serve("first");
    const { manager, serve } = await activatedServer(program, {
      nomadPort: await agentProcess(AGENT_TOKEN),
      variables: {
        POSEIDON_LOGGER_LEVEL: "warn",
        POSEIDON_SERVER_TLS_ACTIVE: "true",
        POSEIDON_SERVER_TLS_CERTFILE: certificates.certFile,
        POSEIDON_SERVER_TLS_KEYFILE: certificates.keyFile,
      },
    });
    const server = await serve();
    await manager.told(server, "READY=1");
    const users = await steadyUsers(manager.port, { ca: NAMES.map((name) => certificates.pem(name)) });
    await users.more(BETWEEN);
    for (const name of ["second", "first", "second"]) {
      certificates.serve(name);
      if (how === "at SIGHUP") process.kill(server, "SIGHUP");
      await until("the new certificate", async () => (await subject(manager.port)) === name, {
        within: 30_000,
      });
      await users.more(BETWEEN);
    }
    console.log(`certificates exchanged 3 times, ${how}: ${await users.stop()}`);
    process.kill(server, "SIGTERM");
    expect(await manager.ended(server)).toBe(0);
  },
);
