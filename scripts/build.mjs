// `npm run build`, after tsc has looked at the types. Arguments: a folder other than `dist`, an entry other than `src/main.ts`.
import { buildProgram } from "./bundle.mjs";

const [, , folder = "dist", entry] = process.argv;
await buildProgram(folder, entry);
