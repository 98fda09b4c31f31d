import { parseProblem } from "./problem.ts";

/** Origins that are known to be the API's, or of which the developer was told. */
const known = new Set<string>();

/** Says something of an origin, once, and only in a page on this machine: others' consoles are read by nobody. */
function warnOnce(url: string, words: string): void {
  const { location, navigator } = globalThis;
  if (!/^(localhost|127\..+|\[::1\])$/.test(location?.hostname ?? "") || !navigator.onLine) return;
  const { origin } = new URL(url, location.href);
  // oxlint-disable-next-line no-console -- it is what the developer reads
  if (!known.has(origin) && words !== "") console.warn(`Causeway: ${origin} ${words}`);
  known.add(origin);
}

/** Tells a developer that nothing has ever answered there. */
export function noteSilence(url: string): void {
  warnOnce(url, "doesn't answer: does it run, and is `endpoint` right?");
}

/**
 * Tells a developer that what answers there isn't the API, as a wrong port or a proxy without a rule, or that it refuses the
 * token.
 */
export function noteAnswer(url: string, status: number, body: string): void {
  const { code, title, detail } = parseProblem(status, body);
  const isOther = (status >= 400 && code === `HTTP_${status}`) || /^\s*</.test(body);
  const refusal = status === 401 ? `refuses the token: ${detail ?? title}` : "";
  warnOnce(url, isOther ? `isn't the API: ${url} is answered ${status}. Is \`endpoint\` right?` : refusal);
}
