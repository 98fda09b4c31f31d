import type { TNode } from "txml/txml";
import { AppError } from "#contract/errors.ts";
import { parseXml, textOf } from "./xml.ts";

/** Most of an answer that is read: a list of a thousand keys of a kilobyte each, and what is said of them. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** What S3 answers in the place of what was asked for. */
export class StoreRefusal extends Error {
  readonly status: number;
  /** S3's own (its API reference, "Error responses"); empty where there is none, as to HEAD. */
  readonly code: string;

  constructor(operation: string, status: number, code: string) {
    super(`${operation}: ${status} ${code}`.trim());
    this.name = "StoreRefusal";
    this.status = status;
    this.code = code;
  }
}

/**
 * Codes that the same call is answered for ever, and what they say of an upload. Every other may be gone the next time:
 * the store's own troubles, a body that was cut off or came damaged (IncompleteBody, BadDigest, RequestTimeout), and
 * access, bucket or clock (AccessDenied, NoSuchBucket, RequestTimeTooSkewed), which an operator mends without an upload
 * being lost.
 */
const PERMANENT: ReadonlyMap<string, string> = new Map([
  ["NoSuchUpload", "The store has dropped its parts."],
  ["InvalidPart", "The store doesn't have all of its parts."],
  ["InvalidPartOrder", "The store doesn't take the order of its parts."],
  ["EntityTooSmall", "A part of it is smaller than the store takes."],
  ["EntityTooLarge", "It is larger than the store takes."],
  ["KeyTooLongError", "The store doesn't take its key."],
  ["MissingContentLength", "The store isn't told its length."],
]);

/** Throws `AppError`s only: `STORE_UNAVAILABLE`, and `UPLOAD_LOST` for what is refused for good. */
export function storeError(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const detail = PERMANENT.get(codeOf(cause));
  return detail === undefined
    ? new AppError("STORE_UNAVAILABLE", { cause })
    : new AppError("UPLOAD_LOST", { detail, cause });
}

export function codeOf(error: unknown): string {
  return error instanceof StoreRefusal ? error.code : "";
}

export function statusOf(error: unknown): number | undefined {
  return error instanceof StoreRefusal ? error.status : undefined;
}

/** Asked too fast, or at a bad moment ("Error responses": SlowDown is a 503, OperationAborted a 409). */
const PASSING_CODES: ReadonlySet<string> = new Set(["OperationAborted", "RequestTimeout"]);

/** Whether the same call may be answered otherwise a moment later. What isn't a refusal is a broken connection. */
export function isPassing(error: unknown): boolean {
  if (error instanceof AppError) return false;
  if (!(error instanceof StoreRefusal)) return true;
  return error.status >= 500 || error.status === 429 || PASSING_CODES.has(error.code);
}

/** Throws the refusal that an answer is, if it is one. Reads the body of no other. */
export async function requireDone(operation: string, answer: Response): Promise<Response> {
  if (answer.ok) return answer;
  throw refusalOf(operation, answer.status, await readXml(answer));
}

/** The document that an answer has for a body. Throws where it is an error, which S3 may say with a 200 as well. */
export async function requireDocument(operation: string, answer: Response): Promise<TNode> {
  const root = await readXml(await requireDone(operation, answer));
  // CompleteMultipartUpload answers before it is done, and says afterwards that it failed.
  if (root?.tagName === "Error") throw refusalOf(operation, 500, root);
  if (root === undefined) throw new Error(`${operation}: an answer that isn't whole.`);
  return root;
}

function refusalOf(operation: string, status: number, root: TNode | undefined): StoreRefusal {
  return new StoreRefusal(operation, status, root === undefined ? "" : (textOf(root, "Code") ?? ""));
}

async function readXml(answer: Response): Promise<TNode | undefined> {
  return parseXml(await readText(answer));
}

async function readText({ body }: Response): Promise<string> {
  if (body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let sizeBytes = 0;
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > MAX_ANSWER_BYTES) throw new Error("An answer of the store is longer than any is.");
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
