import { parseProblem } from "./problem.ts";

/** Origins that are known to be the API's, or of which the developer was told. */
const known = new Set<string>();

/** Says what is wrong with an origin, once, and only in a page on this machine: others' consoles are read by nobody. */
function note(url: string, fault: string | undefined): void {
  const { location, navigator } = globalThis;
  if (!/^(localhost$|127\.)/.test(location?.hostname ?? "") || !navigator.onLine) return;
  const { origin } = new URL(url, location.href);
  // oxlint-disable-next-line no-console -- it is what the developer reads
  if (!known.has(origin) && fault) console.warn(`Causeway: ${origin} ${fault}: is \`endpoint\` right?`);
  known.add(origin);
}

/** Tells a developer that nothing has ever answered there. */
export function noteSilence(url: string): void {
  note(url, "doesn't answer");
}

/** Tells a developer that what answers there isn't the API, as a wrong port or a proxy without a rule. */
export function noteAnswer(url: string, status: number, body: string): void {
  const isOther =
    /^\s*</.test(body) || (status >= 400 && parseProblem(status, body).code === `HTTP_${status}`);
  note(url, isOther ? `isn't the API (${status})` : undefined);
}
