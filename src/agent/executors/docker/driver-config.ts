import { z } from "zod";

/** HCL's blocks come as lists of one object, its attributes as objects: both are taken. */
const block = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (Array.isArray(value) ? Object.assign({}, ...value) : value), schema);
const texts = z.array(z.string());
const numbersOrTexts = z.record(z.string(), z.union([z.string(), z.number()]).transform(String));

/**
 * The keys of Nomad's Docker driver that containers of this executor can have. Strict: a setting that is not known must not be left out
 * in silence, as it may be one that protects something.
 */
const schema = z.strictObject({
  image: z.string().min(1),
  command: z.string().optional(),
  args: texts.optional(),
  entrypoint: z.union([z.string().transform((one) => [one]), texts]).optional(),
  force_pull: z.boolean().default(false),
  network_mode: z
    .string()
    .refine((mode) => !mode.startsWith("container:"))
    .default(""),
  cap_add: texts.default([]),
  cap_drop: texts.default([]),
  cpu_cfs_period: z.int().min(1_000).max(1_000_000).default(100_000),
  cpu_hard_limit: z.boolean().default(false),
  dns_options: texts.optional(),
  dns_search_domains: texts.optional(),
  dns_servers: texts.optional(),
  extra_hosts: texts.optional(),
  group_add: texts.optional(),
  hostname: z.string().optional(),
  init: z.boolean().optional(),
  ipc_mode: z.enum(["", "none", "private"]).optional(),
  isolation: z.enum(["", "default"]).optional(),
  labels: block(numbersOrTexts).optional(),
  logging: block(
    z.strictObject({
      type: z.string().optional(),
      driver: z.string().optional(),
      config: block(numbersOrTexts).optional(),
    }),
  ).optional(),
  oom_score_adj: z.int().min(0).max(1_000).optional(),
  pids_limit: z.int().optional(),
  ports: texts.optional(),
  readonly_rootfs: z.boolean().optional(),
  runtime: z.string().optional(),
  security_opt: texts.optional(),
  shm_size: z.int().min(0).optional(),
  sysctl: block(numbersOrTexts).optional(),
  tmpfs: texts.optional(),
  ulimit: block(numbersOrTexts).optional(),
  work_dir: z.string().optional(),
});

/** The settings of a task's container as its job has them. */
export type DriverConfig = z.infer<typeof schema>;

/** @throws Error that names the setting which cannot be had */
export function parseDriverConfig(config: unknown): DriverConfig {
  const result = schema.safeParse(config);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const keys = issue?.code === "unrecognized_keys" ? issue.keys.join(", ") : issue?.path.join(".");
  throw new Error(`the executor docker cannot take this setting of the driver: ${keys} (${issue?.message})`);
}
