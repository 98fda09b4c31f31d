import type { Outcome } from "./exchange.ts";
import { withId } from "./path-mutations.ts";
import type { WireRequest } from "./wire-request.ts";

/** The same request about another id. */
export function about(request: WireRequest, id: string): WireRequest {
  return { ...request, target: withId(request.target, () => id) };
}

/**
 * What differs from one answer to the next, whatever was asked. `Connection` is the runtime's, by what it has read of a
 * broken body by then.
 */
const PASSING: ReadonlySet<string> = new Set(["x-request-id", "date", "connection"]);

/** Everything that an answer tells, so that two of them can be compared. */
export function told(outcome: Outcome): unknown {
  if (outcome.kind !== "answered") return outcome.kind;
  const { status, fields, body } = outcome.answer;
  return {
    status,
    fields: [...fields].filter(([name]) => !PASSING.has(name)),
    body: body.toString("utf8").replace(/"requestId":"[^"]*"/, ""),
  };
}
