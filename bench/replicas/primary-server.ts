/**
 * A store with one object of BENCH_FILE_BYTES bytes, whatever its key, run as a process of its own: it makes the bytes while
 * it gives them, and tells at /counts how often and how much of them it has given.
 */
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { serve } from "../serve.ts";
import { contentOf } from "./content.ts";

export interface PrimaryCounts {
  readonly reads: number;
  readonly givenBytes: number;
}

const sizeBytes = Number(process.env["BENCH_FILE_BYTES"]);
const counts = { reads: 0, givenBytes: 0 };

function* counted(): Generator<Buffer> {
  for (const chunk of contentOf(sizeBytes)) {
    counts.givenBytes += chunk.byteLength;
    yield chunk;
  }
}

serve(
  createServer((request, response) => {
    if (request.url === "/counts") {
      response.end(JSON.stringify(counts satisfies PrimaryCounts));
      return;
    }
    counts.reads += 1;
    response.writeHead(200, { "Content-Length": sizeBytes, ETag: '"bench"' });
    // Whoever breaks off shows it in the counts.
    pipeline(Readable.from(counted()), response).catch(() => undefined);
  }),
);
