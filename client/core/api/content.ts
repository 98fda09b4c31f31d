import type { Disposition, Variant } from "#contract/api.ts";
import type { ApiCall, CallOptions } from "../http.ts";
import { ApiError, parseProblem } from "../problem.ts";

/** Of the whole body where it is read whole. */
const BLOB_TIMEOUT_MS = 300_000;

export interface ContentOptions extends CallOptions {
  /** `original` where it isn't said. */
  readonly variant?: Variant;
  readonly disposition?: Disposition;
  /** Bytes from `start` to `end`, both included; to the last one without `end`. */
  readonly range?: { readonly start: number; readonly end?: number };
}

/** 202 is no error to HTTP, and not the bytes: the variant is still being made. */
async function requireBytes(answer: Response): Promise<Response> {
  if (answer.status !== 202) return answer;
  throw new ApiError(parseProblem(answer.status, await answer.text()));
}

function requestOf(path: string, { variant, disposition, range }: ContentOptions) {
  const headers = range === undefined ? {} : { Range: `bytes=${range.start}-${range.end ?? ""}` };
  return { path, query: { variant, disposition }, headers };
}

/** The answer whose body is the bytes: it has as long as the caller's signal lets it. */
export function fetchContent(call: ApiCall, path: string, options: ContentOptions = {}): Promise<Response> {
  return call(requestOf(path, options), requireBytes, options);
}

/** The bytes, in memory. */
export function fetchBlob(call: ApiCall, path: string, options: ContentOptions = {}): Promise<Blob> {
  const read = async (answer: Response) => (await requireBytes(answer)).blob();
  return call(requestOf(path, options), read, { timeoutMs: BLOB_TIMEOUT_MS, ...options });
}
