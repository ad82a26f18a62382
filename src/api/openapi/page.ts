import { BASE } from "../routes/paths.js";
import { answersOf, operations } from "./document.js";
import type { JsonSchema } from "./json-schema.js";
import type { Operation, WebSocketDescription } from "./operations.js";

const STYLE = `
body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
h2{margin-top:2.5rem;border-bottom:1px solid #d0d7de}code,pre{font:13px/1.45 ui-monospace,monospace;background:#f3f5f7}
pre{padding:.8rem;overflow:auto}table{border-collapse:collapse}td{padding:.1rem .8rem .1rem 0;vertical-align:top}
.method{display:inline-block;min-width:4.2rem;font-weight:700;text-transform:uppercase}
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}code,pre{background:#161b22}h2{border-color:#30363d}}`;

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

const escaped = (text: string): string => text.replace(/[&<>"]/g, (char) => ENTITIES[char] ?? char);
/** Escapes, and sets what stands between backquotes as code. */
const prose = (text: string): string => escaped(text).replace(/`([^`]+)`/g, "<code>$1</code>");

/** The API's documentation as one page without scripts or anything to load, so that it works offline. */
export function openApiPage(document: JsonSchema): string {
  const { components } = document as {
    readonly components: { readonly schemas: Record<string, JsonSchema> };
  };
  const { info } = document as { readonly info: { readonly version: string; readonly description: string } };
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) =>
      `<h3 id="${name}">${name}</h3><pre>${escaped(JSON.stringify(schema, undefined, 2))}</pre>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Poseidon API</title><style>${STYLE}</style></head><body>
<h1>Poseidon API</h1><p>${prose(info.description)} Version ${escaped(info.version)}.
As <a href="${BASE}/openapi.json">OpenAPI document</a>. All paths are below <code>${BASE}</code>; all but those marked open need the
header <code>Poseidon-Token</code> where the server has a token.</p>
<h2>Routes</h2>${operations.map(section).join("\n")}
<h2>Schemas</h2>${schemas.join("\n")}
</body></html>
`;
}

function section(operation: Operation): string {
  const { method, path, id, summary, parameters = [], request, websocket, open } = operation;
  const body = request?.meta()?.id;
  const rows = Object.entries(answersOf(operation)).map(
    ([status, { description }]) => `<tr><td>${status}</td><td>${prose(description)}</td></tr>`,
  );
  const inputs = parameters.map(
    ({ name, type, description }) =>
      `<tr><td><code>${name}</code></td><td>${type}</td><td>${prose(description)}</td></tr>`,
  );
  return `<h3 id="${id}"><span class="method">${method}</span> <code>${escaped(path)}</code>${open ? " (open)" : ""}</h3>
<p>${prose(summary)}</p>${body === undefined ? "" : `<p>Body: <a href="#${body}">${body}</a></p>`}
${inputs.length === 0 ? "" : `<table>${inputs.join("")}</table>`}<table>${rows.join("")}</table>${websocket === undefined ? "" : messages(websocket)}`;
}

function messages({
  serverMessage,
  serverMessages,
  clientMessages,
  closeCodes,
}: WebSocketDescription): string {
  const name = serverMessage.meta()?.id;
  const codes = Object.entries(closeCodes).map(
    ([code, meaning]) => `<tr><td>${code}</td><td>${prose(meaning)}</td></tr>`,
  );
  return `<p>From the server (<a href="#${name}">${name}</a>): ${prose(serverMessages)}</p>
<p>From the client: ${prose(clientMessages)}</p><p>Close codes:</p><table>${codes.join("")}</table>`;
}
