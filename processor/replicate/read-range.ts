import type { ServerResponse } from "node:http";
import { AppError } from "#contract/errors.ts";

export interface ReadRange {
  readonly offset: number;
  readonly length: number;
}

/** As the worker asks: both ends are there, and neither has a zero too many. */
const RANGE = /^bytes=(0|[1-9]\d{0,14})-(0|[1-9]\d{0,14})$/;

/** The range that a header asks for; undefined without one. Throws `RANGE_NOT_SATISFIABLE`. */
export function requireRange(header: string | undefined): ReadRange | undefined {
  if (header === undefined) return undefined;
  const [, first, last] = RANGE.exec(header) ?? [];
  const [offset, end] = [Number(first), Number(last)];
  if (first === undefined || offset > end) throw new AppError("RANGE_NOT_SATISFIABLE");
  return { offset, length: end - offset + 1 };
}

/** Begins the answer with a copy's bytes. Throws `RANGE_NOT_SATISFIABLE` for a range that reaches beyond its end. */
export function writeHead(response: ServerResponse, sizeBytes: number, range: ReadRange | undefined): void {
  const headers = { "Content-Type": "application/octet-stream", "Cache-Control": "no-store" };
  if (range === undefined) {
    response.writeHead(200, { ...headers, "Content-Length": sizeBytes });
    return;
  }
  const end = range.offset + range.length;
  if (end > sizeBytes) throw new AppError("RANGE_NOT_SATISFIABLE");
  const contentRange = `bytes ${range.offset}-${end - 1}/${sizeBytes}`;
  response.writeHead(206, { ...headers, "Content-Length": range.length, "Content-Range": contentRange });
}
