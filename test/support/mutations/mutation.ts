import type { WireRequest } from "./wire-request.ts";

/** One change to one part of a valid request. */
export interface Mutation {
  /** What is changed: a field's name, or `method`, `path`, `body`, `more`. */
  readonly part: string;
  readonly name: string;
  apply(request: WireRequest): WireRequest;
}
