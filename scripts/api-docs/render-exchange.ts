import type { Exchange } from "./exchange.ts";

const API = "$API";
const AUTH = "$AUTH";
const INDENT = "  ";

/** What was sent, as curl would send it, and what came back. */
export function renderExchange(exchange: Exchange): string {
  const { status, answerHeaders, answer } = exchange;
  const headers = Object.entries(answerHeaders).map(([name, value]) => `${name}: ${value}`);
  const head = [String(status), ...headers].join("\n");
  const sent = ["```sh", renderCurl(exchange), "```"].join("\n");
  if (answer === undefined) return [sent, ["```http", head, "```"].join("\n")].join("\n\n");
  const [language, body] =
    typeof answer === "string" ? ["http", answer] : ["json", JSON.stringify(answer, undefined, 2)];
  const shownHead = headers.length === 0 ? "" : `, with \`${headers.join("`, `")}\``;
  return [sent, `${status}${shownHead}:`, [`\`\`\`${language}`, body.trimEnd(), "```"].join("\n")].join(
    "\n\n",
  );
}

function renderCurl({ method, target, headers, body, caller }: Exchange): string {
  const parts = [
    ["curl", ...methodOf(method, body), `"${API}${target}"`].join(" "),
    ...(caller === undefined ? [] : [`-H "${AUTH}"`]),
    ...Object.entries(headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`--data-binary ${quote(body)}`]),
  ];
  return parts.join(` \\\n${INDENT}`);
}

function methodOf(method: string, body: string | undefined): readonly string[] {
  if (method === "HEAD") return ["-I"];
  const implied = body === undefined ? "GET" : "POST";
  return method === implied ? [] : ["-X", method];
}

/** As a shell takes it: what has lines of its own by `$'…'`. */
function quote(text: string): string {
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("'", String.raw`\'`);
  return text.includes("\n")
    ? `$'${escaped.replaceAll("\n", String.raw`\n`)}'`
    : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
