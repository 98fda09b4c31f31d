import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface ScriptedAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface SeenRequest {
  /** Method and path. */
  readonly line: string;
  readonly body: string;
  readonly authorization: string | undefined;
  readonly headers: IncomingMessage["headers"];
}

/** A server that answers as the test says, one request after the other. */
export interface ScriptedServer {
  readonly url: string;
  /** What comes next: an answer, a connection that breaks, or silence. Without any, 500. */
  readonly answers: (ScriptedAnswer | "cut" | "silence")[];
  readonly seen: SeenRequest[];
  close(): Promise<void>;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

export async function startScriptedServer(): Promise<ScriptedServer> {
  const answers: ScriptedServer["answers"] = [];
  const seen: SeenRequest[] = [];

  async function answerNext(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url, headers } = request;
    const body = await bodyOf(request);
    seen.push({ line: `${method} ${url}`, body, authorization: headers.authorization, headers });
    const answer = answers.shift() ?? { status: 500 };
    if (answer === "silence") return;
    if (answer === "cut") request.socket.destroy();
    else {
      const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
      response.writeHead(answer.status, { ...answer.headers }).end(text ?? "");
    }
  }

  const server = createServer((request, response) => void answerNext(request, response)).listen(
    0,
    "127.0.0.1",
  );
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    answers,
    seen,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
