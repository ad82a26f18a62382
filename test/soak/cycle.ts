import { randomBytes } from "node:crypto";
import type { Answer, ApiClient, Execution, Message, Result } from "../api/suite/client.js";
import type { Dice } from "./dice.js";
import type { Ledger } from "./ledger.js";

/** What cycles need to know of the world around them. */
export interface CycleContext {
  readonly client: ApiClient;
  readonly ledger: Ledger;
  readonly environments: readonly number[];
  /** What users choose by. */
  readonly dice: Dice;
  /** Counts kills and recoveries of the server, so that it is odd while there is none: what breaks then, or while it changes, broke by that. */
  kills(): number;
  /** Whether runners fail on purpose: then a request may be answered 410 or 5xx, and an execution with an error. */
  faulty(): boolean;
}

const FINAL = new Set(["exit", "timeout", "error"]);

/** One user's visit: a runner is claimed, used in one of several ways, and given back or left. */
export async function cycle(context: CycleContext): Promise<void> {
  const { client, ledger, environments } = context;
  const environment = context.dice.pick(environments);
  const json = { executionEnvironmentId: environment, inactivityTimeout: 20 };
  const claim = await asked(context, "POST", "/runners", json);
  if (claim?.status !== 200) return void ledger.count("claims refused");
  const id: string = claim.json().runnerId;
  ledger.claimed(id);
  try {
    await use(context, id);
  } finally {
    if (context.dice.roll(10) === 0) ledger.count("runners left to their timeout");
    else await client.call("DELETE", `/runners/${id}`).catch(() => undefined);
  }
}

async function use(context: CycleContext, id: string): Promise<void> {
  const { ledger } = context;
  const mark = randomBytes(8).toString("hex");
  const code = context.dice.roll(256);
  const command = `if [ -e owner ]; then echo second user; else echo ${mark} >owner; fi; echo out ${mark}; echo err ${mark} >&2; exit ${code}`;
  const first = await executed(context, id, { command });
  if (first?.last?.type === "exit") {
    if (first.stdout.includes("second user")) ledger.twice.push(`runner ${id} had another user before`);
    const whole = first.stdout === `out ${mark}\r\n` && first.stderr === `err ${mark}\r\n`;
    if (!whole || first.last.data !== code)
      ledger.lost.push(`output of ${id}: ${JSON.stringify(first.messages)}`);
  }
  const content = randomBytes(context.dice.roll(200_000)).toString("base64");
  const written = await asked(context, "PATCH", `/runners/${id}/files`, { copy: [{ path: "d/f", content }] });
  if (written?.status === 204) await readBack(context, id, Buffer.from(content, "base64"));
  await oddEnd(context, id);
}

async function readBack(context: CycleContext, id: string, content: Buffer): Promise<void> {
  const { ledger } = context;
  const listed = await asked(context, "GET", `/runners/${id}/files?path=d`);
  if (listed?.status === 200) {
    ledger.count("listings");
    const sizes = listed.json().files.map((file: { size: number }) => file.size);
    if (sizes.length !== 1 || sizes[0] !== content.length)
      ledger.lost.push(`listing of ${id}: ${listed.text}`);
  }
  const got = await asked(context, "GET", `/runners/${id}/files/raw?path=d/f`);
  if (got?.status === 200) {
    ledger.count("downloads");
    if (!got.bytes.equals(content)) ledger.lost.push(`a download of ${id}`);
  }
}

/** Ends that are not the command's own. */
async function oddEnd(context: CycleContext, id: string): Promise<void> {
  const way = context.dice.roll(6);
  if (way === 0) {
    const limited = await executed(context, id, { command: "echo on; sleep 30", timeLimit: 1 });
    if (limited?.last?.type === "exit") context.ledger.lost.push(`a time limit in ${id}`);
  } else if (way === 1) {
    const url = await prepared(context, id, { command: "while :; do echo y; sleep 0.01; done" });
    if (url === undefined) return;
    const execution = context.client.open(url);
    await execution.stdout("y").catch(() => undefined);
    execution.ws.terminate();
    context.ledger.count("clients that vanished");
  } else if (way === 2) {
    const large = await executed(context, id, {
      command: "head -c 300000 /dev/zero | tr '\\0' x".replaceAll("'", '"'),
    });
    if (large?.last?.type === "exit" && large.stdout !== "x".repeat(300_000)) {
      context.ledger.lost.push(`${300_000 - large.stdout.length} of 300000 bytes in ${id}`);
    }
  } else if (way === 3) await prepared(context, id, { command: "echo never opened" });
}

/** Whether the server was killed since `kills` was read, or was away then. */
const wasKilled = (context: CycleContext, kills: number): boolean =>
  kills !== context.kills() || kills % 2 === 1;

/** A request's answer; undefined when its connection broke, which only a killed server excuses. */
async function asked(
  context: CycleContext,
  method: string,
  path: string,
  json?: unknown,
): Promise<Answer | undefined> {
  const { client, ledger } = context;
  const [kills, faulty] = [context.kills(), context.faulty()];
  try {
    const answer = await client.call(method, path, json === undefined ? {} : { json });
    if (answer.status >= 400) {
      ledger.count(`answers ${answer.status}`);
      const empty = method === "POST" && answer.text.includes("NOMAD_OVERLOAD");
      if (!empty && !faulty && !context.faulty() && !wasKilled(context, kills)) {
        ledger.lost.push(`${method} ${path}: ${answer.status} ${answer.text}`);
      }
    }
    return answer;
  } catch (error) {
    ledger.count("requests broken by a kill");
    // A download that cannot be whole breaks off.
    const excused = wasKilled(context, kills) || (path.includes("/raw") && (faulty || context.faulty()));
    if (!excused) ledger.lost.push(`${method} ${path}: ${error}`);
    return undefined;
  }
}

async function prepared(context: CycleContext, id: string, json: object): Promise<string | undefined> {
  const answer = await asked(context, "POST", `/runners/${id}/execute`, json);
  return answer?.status === 200 ? answer.json().websocketUrl : undefined;
}

/** An execution to its end: exactly one last message, or a connection that a kill broke. */
async function executed(context: CycleContext, id: string, json: object): Promise<Result | undefined> {
  const { client, ledger } = context;
  const [kills, faulty] = [context.kills(), context.faulty()];
  const url = await prepared(context, id, json);
  if (url === undefined) return undefined;
  ledger.count("executions");
  const execution: Execution = client.open(url);
  let result: Result;
  try {
    result = await execution.result;
  } catch (error) {
    // Refused: the runner went between both requests, or the server did.
    if (!wasKilled(context, kills) && !faulty && !context.faulty())
      ledger.lost.push(`WebSocket of ${id}: ${error}`);
    return undefined;
  }
  const last = result.messages.filter(({ type }: Message) => FINAL.has(type));
  if (last.length > 1) ledger.twice.push(`last messages of ${id}: ${JSON.stringify(last)}`);
  if (last.length === 1 && result.last === last[0]) {
    ledger.count(`executions that ended with ${last[0]?.type}`);
    if (last[0]?.type === "error" && !faulty && !context.faulty())
      ledger.lost.push(`error in ${id}: ${last[0].data}`);
  } else if (!wasKilled(context, kills))
    ledger.lost.push(`no last message in ${id}, closed with ${result.code}`);
  else ledger.count("executions broken by a kill");
  return result;
}
