import { parseProblem } from "./problem.ts";

/** Origins that are known to be the API's, or of which the developer was told. */
const known = new Set<string>();

/** A page that is being developed: others are read by people to whom the console says nothing. */
function isDevelopment(): boolean {
  return /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(globalThis.location?.hostname ?? "");
}

function originOf(url: string): string {
  return new URL(url, globalThis.location.href).origin;
}

function warnOnce(url: string, words: string): void {
  const origin = originOf(url);
  if (known.has(origin)) return;
  known.add(origin);
  console.warn(`Causeway: ${origin} ${words}`);
}

/** Says once on the console of a page on this machine that nothing has ever answered there. */
export function noteSilence(url: string): void {
  if (!isDevelopment() || globalThis.navigator?.onLine === false) return;
  warnOnce(url, "doesn't answer. Is it what `endpoint` should be, and is the service running (npm start)?");
}

/**
 * Says once on the console of a page on this machine that what answers there isn't the API, as a wrong port or a proxy
 * without a rule, or that it refuses the token.
 */
export function noteAnswer(url: string, status: number, body: string): void {
  if (!isDevelopment()) return;
  const { code, title, detail } = parseProblem(status, body);
  const isOther = (status >= 400 && code === `HTTP_${status}`) || body.trimStart().startsWith("<");
  if (isOther)
    warnOnce(url, `answers ${status} to ${url}, but not as the API does. Is it what \`endpoint\` should be?`);
  else if (status === 401) warnOnce(url, `refuses the token of getToken: ${detail ?? title}`);
  else known.add(originOf(url));
}
