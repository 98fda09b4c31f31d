import { once } from "node:events";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import type { StoreVars } from "./host.ts";

/** What an S3 answers; `early` before it has read what comes, `cut` the connection in the middle of its body. */
export interface Reply {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly early?: boolean;
  readonly cut?: boolean;
}

export interface Asked {
  /** Method, path and query. */
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
}

/** An S3 that says what it was told to, once each and the last for ever, and nothing else. */
export interface ScriptedS3 {
  readonly vars: StoreVars;
  readonly asked: readonly Asked[];
  play(...replies: readonly Reply[]): void;
  stop(): Promise<void>;
}

/** An error of S3's as it is written. */
export function refusal(status: number, code: string): Reply {
  return { status, body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code></Error>` };
}

function answer(response: ServerResponse, { status, body = "", headers = {}, cut = false }: Reply): void {
  response.writeHead(status, { "Content-Length": body.length, ...headers });
  if (!cut) return void response.end(body);
  response.write(body.slice(0, body.length / 2), () => response.destroy());
}

export async function startScriptedS3(): Promise<ScriptedS3> {
  const asked: Asked[] = [];
  let replies: Reply[] = [];
  const server = createServer((request, response) => {
    asked.push({ line: `${request.method} ${request.url}`, headers: request.headers });
    const reply = (replies.length > 1 ? replies.shift() : replies[0]) ?? refusal(500, "InternalError");
    if (reply.early === true) return answer(response, reply);
    // Whoever breaks off while it is read wants no answer.
    void text(request).then(
      () => answer(response, reply),
      () => {},
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    vars: {
      OBJECT_STORE: "s3",
      S3_ENDPOINT: `http://127.0.0.1:${address.port}`,
      S3_BUCKET: "files",
      S3_ACCESS_KEY_ID: "id",
      S3_SECRET_ACCESS_KEY: "secret",
    },
    asked,
    play(...next) {
      replies = [...next];
      asked.length = 0;
    },
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
