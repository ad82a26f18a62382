import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { NomadClient } from "../nomad/client.js";
import type { Job } from "../nomad/wire.js";

const jobShape = z.looseObject({ TaskGroups: z.array(z.looseObject({ Name: z.string() })).nullish() });
const fileShape = z.union([z.looseObject({ Job: jobShape }), jobShape]);

/** A custom template job (`server.templatejobfile`) that cannot be used; the message names file and fault. */
export class TemplateFileError extends Error {
  constructor(path: string, fault: string, options: { readonly cause?: unknown } = {}) {
    super(`the template job file ${path} cannot be used: ${fault}`, options);
    this.name = "TemplateFileError";
  }
}

/**
 * Reads a custom template job: JSON (the job, or an object with it under `Job`), or HCL, which Nomad turns into JSON. Throws a
 * TemplateFileError, or a NomadError while Nomad cannot be asked.
 */
export async function readTemplateBase(path: string, client: NomadClient): Promise<Job> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new TemplateFileError(path, "it cannot be read", { cause: error });
  });
  if (!text.trimStart().startsWith("{")) return client.parseHcl(text);
  const parsed = fileShape.safeParse(parseJson(path, text));
  if (!parsed.success) throw new TemplateFileError(path, "it is not a Nomad job in JSON");
  const job = "Job" in parsed.data ? parsed.data.Job : parsed.data;
  return { ...(job as object), ID: "template" } as Job;
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TemplateFileError(path, "it is not valid JSON", { cause: error });
  }
}
