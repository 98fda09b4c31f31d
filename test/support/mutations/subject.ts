import type { Role, TenantId } from "#contract/ids.ts";
import type { Caller } from "../api.ts";
import { newCaller } from "../api.ts";
import type { FaultyStack } from "../faulty/stack.ts";
import type { Outcome } from "./exchange.ts";
import { DEADLINE_MS } from "./exchange.ts";
import type { WireRequest } from "./wire-request.ts";
import { wireRequest } from "./wire-request.ts";

/** Where the requests are sent. */
export interface World {
  readonly stack: FaultyStack;
  readonly url: URL;
  readonly tenantId: TenantId;
  /** Signs the reports of a processor. */
  readonly reportSecret: string;
}

/** What one kind of request is about: an upload, a file, a caller who has none. */
export interface Subject {
  /** A request that succeeds if it is sent now. */
  request(): WireRequest;
  /**
   * Compares with what is known after a request, changed or not, was sent. Throws where something was harmed.
   * @returns whether it can be asked about again
   */
  settle(sent: WireRequest, outcome: Outcome): Promise<boolean>;
}

/** Whether a field's changed value (undefined: none) may still be taken for right; `valid` is the one it had. */
export type IsTakeable = (value: string | undefined, valid: string) => boolean;

export interface RequestKind {
  readonly name: string;
  /** Fields that may not be taken for right unless they are: with any other value there must be a refusal. */
  readonly strict: Readonly<Record<string, IsTakeable>>;
  begin(world: World): Promise<Subject>;
}

let users = 0;

/** A user with nothing yet, of the tenant that all of this happens in. */
export function newUser({ stack, tenantId }: World, role: Role = "member"): Promise<Caller> {
  users += 1;
  return newCaller({ stack, tenantId, user: `user-${users}`, role });
}

/** Asks in the tests' own name: an answer that doesn't come is a fault of the request before. */
export function ask(caller: Caller, path: string, init: RequestInit = {}): Promise<Response> {
  return caller.fetch(path, { ...init, signal: AbortSignal.timeout(DEADLINE_MS) });
}

/** A whole request of the caller's. */
export function requestOf(
  { url }: World,
  caller: Caller,
  [method, target]: readonly [method: string, target: string],
  fields: Readonly<Record<string, string>>,
  content?: Buffer,
): WireRequest {
  const first = { host: url.host, authorization: `Bearer ${caller.token}`, "x-request-id": "a-request" };
  return wireRequest(method, target, { ...first, ...fields }, content);
}

/** A status of success, where there was an answer. */
export function succeeded(outcome: Outcome): boolean {
  return outcome.kind === "answered" && outcome.answer.status < 300;
}

/** The code of a refusal that has a body. */
export function codeOf(outcome: Outcome): string | undefined {
  if (outcome.kind !== "answered" || outcome.answer.status < 400) return undefined;
  return /"code":"(\w+)"/.exec(outcome.answer.body.toString("utf8"))?.[1];
}

/** Refusals that are an upload's end: it answers them for ever after (docs/protocols.md). */
const ENDING: ReadonlySet<string> = new Set([
  "FILE_TYPE_MISMATCH",
  "CONTENT_ENCRYPTED",
  "UPLOAD_LENGTH_EXCEEDED",
  "REPR_DIGEST_MISMATCH",
]);

/** Whether an answer is the end of the upload that it is about. */
export function isEnd(outcome: Outcome): outcome is Extract<Outcome, { kind: "answered" }> {
  return ENDING.has(codeOf(outcome) ?? "");
}

/** The stored bytes of a file that has just become complete, or undefined where there are none. */
export async function storedBytes({ stack }: World, fileId: string): Promise<Buffer | undefined> {
  const { sentJobs } = await stack.control({});
  const job = sentJobs.find((each) => each.fileId === fileId);
  return job === undefined ? undefined : stack.readObject(job.objectKey);
}
