// `npm run build`, after tsc has looked at the types. Argument: a folder other than `dist`.
import { buildProgram } from "./bundle.mjs";

await buildProgram(process.argv[2] ?? "dist");
