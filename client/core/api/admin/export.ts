import type { ExportLine } from "#contract/export.ts";
import type { ApiCall, CallOptions } from "../../http.ts";
import { ApiError, localProblem } from "../../problem.ts";
import { within } from "../../wait.ts";
import { pathOf } from "../paths.ts";

/** A server that sends nothing for so long is given up. */
const IDLE_MS = 60_000;

export type ExportedLine = Exclude<ExportLine, { readonly kind: "end" }>;

export interface ExportOptions extends CallOptions {
  /** Goes on behind the line that has it. */
  readonly cursor?: string | undefined;
  /** Lines of each request. 10,000. */
  readonly limit?: number | undefined;
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** The next bytes; undefined at the end, and where they break off. */
async function readNext(reader: Reader): Promise<Uint8Array | undefined> {
  try {
    const { value } = await within(reader.read(), IDLE_MS);
    return value;
  } catch {
    return undefined;
  }
}

/** The whole lines of an answer, as far as they come. */
async function* linesOf(answer: Response): AsyncGenerator<string, void, undefined> {
  const reader = answer.body?.getReader();
  if (reader === undefined) return;
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (let bytes = await readNext(reader); bytes !== undefined; bytes = await readNext(reader)) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/**
 * All lines of an export but the last, which says that it is whole. An answer that ends before that one is gone on with
 * behind its last whole line. Throws `ApiError` where it doesn't get on.
 */
export async function* exportLines(
  call: ApiCall,
  tenantId: string,
  { cursor: start, limit, ...options }: ExportOptions = {},
): AsyncGenerator<ExportedLine, void, undefined> {
  const path = pathOf`/v1/admin/tenants/${tenantId}/export`;
  for (let cursor = start; ;) {
    const before = cursor;
    const answer = await call({ path, query: { cursor, limit } }, (each) => each, options);
    for await (const text of linesOf(answer)) {
      const line = JSON.parse(text) as ExportLine;
      if (line.kind === "end") return;
      yield line;
      cursor = line.cursor;
    }
    options.signal?.throwIfAborted();
    if (cursor === before) throw new ApiError(localProblem("CONNECTION_LOST"));
  }
}
