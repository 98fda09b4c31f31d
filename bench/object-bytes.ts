/** What both sinks do with bytes: they count and discard those that come, and make up zeros for those that are asked for. */
import type { IncomingMessage, ServerResponse } from "node:http";

const zeros = Buffer.alloc(64 * 1024);

/** Reads a body to its end and returns its length; rejects when it breaks off. */
export async function countBody(request: IncomingMessage): Promise<number> {
  return new Promise((resolve, reject) => {
    let received = 0;
    request.on("data", (chunk: Buffer) => {
      received += chunk.byteLength;
    });
    request.on("end", () => resolve(received));
    request.on("aborted", () => reject(new Error("body aborted")));
    request.on("error", reject);
  });
}

/** A body that means something (a list of parts, an upload's description): ≤ 1 MiB at 10,000 parts. */
export async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString("utf8");
}

/** Writes a body of `count` bytes and ends the response, whose head is written already. */
export function writeZeros(response: ServerResponse, count: number): void {
  for (let left = count; left > 0; left -= zeros.byteLength) {
    response.write(left < zeros.byteLength ? zeros.subarray(0, left) : zeros);
  }
  response.end();
}
