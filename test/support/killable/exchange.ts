import { once } from "node:events";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { request } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

export interface Exchange {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: { readonly sizeBytes: number; readonly chunks: Iterable<Uint8Array> };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** The connection ended before an answer came, or there was nobody to connect to. */
export class ConnectionLost extends Error {}

/** One request on a connection of its own, with its answer's head. Throws `ConnectionLost`. */
export async function exchange(url: URL, { method, headers, body }: Exchange): Promise<Answer> {
  const length = body === undefined ? {} : { "content-length": String(body.sizeBytes) };
  const sent = request(url, { method, headers: { ...headers, ...length }, agent: false });
  const answered = (once(sent, "response") as Promise<[IncomingMessage]>).catch((cause: unknown) => {
    throw new ConnectionLost(`${method} ${url.pathname}`, { cause });
  });
  // A body that can't be sent to its end shows in the answer, or in that none comes.
  pipeline(Readable.from(body?.chunks ?? [], { objectMode: false }), sent).catch(() => {});
  const [answer] = await answered;
  const { statusCode: status = 0 } = answer;
  if (status < 400) answer.resume();
  else sent.destroy();
  return { status, headers: answer.headers };
}
