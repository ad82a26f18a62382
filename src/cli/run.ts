import { buildVersion } from "../config/build-version.js";
import { runAgent } from "./agent.js";
import { checkConfig } from "./check-config.js";
import type { Command } from "./command.js";
import type { CliContext } from "./context.js";
import { runDemo } from "./demo/demo.js";
import { runDoctor } from "./doctor/doctor.js";
import { HELP } from "./help.js";
import { serve } from "./serve.js";

/** Runs a command to its end and returns the exit code of the process. */
export async function runCommand(command: Command, context: CliContext): Promise<number> {
  switch (command.kind) {
    case "serve":
      return await serve(command, context);
    case "check-config":
      return await checkConfig(command, context);
    case "doctor":
      return await runDoctor(command, context);
    case "agent":
      return await runAgent(command, context);
    case "demo":
      return await runDemo(command, context);
    case "help":
      context.output.write(HELP);
      return 0;
    case "version": {
      const { version, commit } = buildVersion();
      context.output.write(`${version}${commit === undefined ? "" : ` (${commit})`}\n`);
      return 0;
    }
  }
}
