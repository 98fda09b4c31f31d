import type { IncomingMessage, ServerResponse } from "node:http";
import { type Listening, listen } from "../../support/tus-endpoint.ts";
import { type Answer, answerCall, emptyFilesApi, type FilesApi } from "./files-api.ts";

/** The API of stored files and the page that components are on. */
export type FilesServer = FilesApi & Listening;

/** @param page by path: what isn't the API's */
export async function startFilesServer(
  page: ReadonlyMap<string, { readonly type: string; readonly body: string }>,
): Promise<FilesServer> {
  const listening = await listen((request, response) => {
    respond(request, response).catch(() => response.destroy());
  });
  const server: FilesServer = { ...emptyFilesApi(listening.origin), ...listening };
  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", server.origin);
    const shown = page.get(url.pathname);
    send(
      response,
      shown === undefined ? await answerCall(server, request, url) : { status: 200, raw: shown },
    );
  }
  return server;
}

export function send(response: ServerResponse, { status, json, raw }: Answer): void {
  const type = raw?.type ?? (status < 400 ? "application/json" : "application/problem+json");
  response.writeHead(status, { "Content-Type": type, "Cache-Control": "no-store" });
  response.end(raw?.body ?? (json === undefined ? "" : JSON.stringify(json)));
}
