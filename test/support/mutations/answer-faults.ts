import type { ErrorCode } from "#contract/errors.ts";
import { ERRORS, PROBLEM_CONTENT_TYPE, Problem } from "#contract/errors.ts";
import type { Answer } from "./answers.ts";
import type { Outcome } from "./exchange.ts";
import type { WireRequest } from "./wire-request.ts";
import { effectiveMethod, fieldValue } from "./wire-request.ts";

/**
 * What workerd answers itself, before the product's code: those answers have no `X-Request-ID`, which every answer of
 * the product's has. It refuses, as text and without a code,
 * - 400: a head that is no HTTP (NUL, CR or a folded line in a value, a name that is no token, an unknown version), a
 *   target without a slash or with a space, no `Host`, a length or a transfer coding that it doesn't know, chunks that
 *   are none;
 * - 414: a target of more than 128 KiB;
 * - 431: a head that is too long for it;
 * - 501: a method that it doesn't know, or knows in capitals only.
 * And it answers 500 where there is no request to give to a worker: to CONNECT, and where target and `Host` together
 * make no URL, as those of `OPTIONS *` and of a `Host` that is none don't.
 */
const RUNTIME_REFUSALS: ReadonlySet<number> = new Set([400, 414, 431, 501]);

function makesNoRequest(request: WireRequest): boolean {
  if (request.method === "CONNECT") return true;
  if (/^\w+:/.test(request.target)) return !URL.canParse(request.target);
  const host = fieldValue(request, "host") ?? "";
  // Of what isn't ASCII the runtime takes less for a name than Node does.
  return /[^\x20-\x7e]/.test(host) || !URL.canParse(`http://${host}${request.target}`);
}

/** What is wrong with the answer to a request that was changed somehow; undefined where nothing is. */
export function faultIn(request: WireRequest, outcome: Outcome): string | undefined {
  switch (outcome.kind) {
    case "silent":
      return `a hang: ${outcome.what}`;
    case "closed":
      return request.ending === "waits" ? "no answer to a whole request" : undefined;
    case "answered":
      return outcome.answer.fields.has("x-request-id")
        ? faultOfProduct(request, outcome.answer)
        : faultOfRuntime(request, outcome.answer);
  }
}

function faultOfRuntime(request: WireRequest, { status }: Answer): string | undefined {
  if (RUNTIME_REFUSALS.has(status)) return undefined;
  if (status === 500 && makesNoRequest(request)) return undefined;
  return `${status}, which isn't the product's`;
}

function faultOfProduct(request: WireRequest, answer: Answer): string | undefined {
  const { status } = answer;
  if (status >= 500) return `${status}: ${answer.body.toString("utf8")}`;
  // A HEAD's answer has no body, also where a header made a HEAD of it: then the status has to do.
  const isBare =
    request.method === "HEAD" || (effectiveMethod(request) === "HEAD" && answer.body.byteLength === 0);
  if (status >= 400) return isBare ? undefined : faultOfRefusal(answer);
  return status < 300 || status === 304 ? undefined : `${status}, which nothing answers here`;
}

function faultOfRefusal({ status, fields, body }: Answer): string | undefined {
  const text = body.toString("utf8");
  if (fields.get("content-type") !== PROBLEM_CONTENT_TYPE)
    return `${status} that is no problem document: ${text}`;
  const problem = problemIn(text);
  if (problem === undefined) return `${status} with a document of another form: ${text}`;
  const known = Object.hasOwn(ERRORS, problem.code) ? ERRORS[problem.code as ErrorCode] : undefined;
  if (known === undefined) return `${status} with the unknown code ${problem.code}`;
  if (known.status === status && problem.status === status) return undefined;
  return `${status} with ${problem.code}, which is ${known.status}, in a document that says ${problem.status}`;
}

function problemIn(text: string): Problem | undefined {
  try {
    return Problem.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
