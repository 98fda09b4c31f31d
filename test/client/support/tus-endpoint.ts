import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";

/** What goes wrong with one request, in place of what would have happened. */
export type Fault =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly problem?: object }
  /** Keeps so many bytes of the body, then cuts the socket. */
  | { readonly cutAfterBytes: number }
  /** Keeps so many bytes of the body, then says nothing more. */
  | { readonly stallAfterBytes: number };

export interface StoredUpload {
  readonly lengthBytes: number;
  readonly metadata: string;
  bytes: Buffer;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string;
  readonly offset: string | undefined;
  readonly contentLength: string | undefined;
}

export interface TusHandler {
  readonly uploads: Map<string, StoredUpload>;
  readonly seen: SeenRequest[];
  /** What else is answered to a GET, by path. */
  readonly answers: Map<string, object>;
  /** Bytes per second that each upload is slowed to; 0 is not at all. */
  speed: number;
  /** The most that a request may bring, as `Upload-Limit` says it; 0 says nothing. */
  maxAppendBytes: number;
  /** The next request with this method meets this fault; several wait in order. */
  next(method: string, fault: Fault): void;
  handle(request: IncomingMessage, response: ServerResponse): void;
}

export interface TusEndpoint extends Omit<TusHandler, "handle"> {
  readonly url: string;
  close(): Promise<void>;
}

const TUS = { "Tus-Resumable": "1.0.0" };

/** A small tus 1.0 server that does one thing wrong at a time, on order. */
export function createTusHandler(): TusHandler {
  const uploads = new Map<string, StoredUpload>();
  const seen: SeenRequest[] = [];
  const faults: { readonly method: string; readonly fault: Fault }[] = [];
  const handler: TusHandler = {
    uploads,
    seen,
    answers: new Map(),
    speed: 0,
    maxAppendBytes: 0,
    next: (method, fault) => faults.push({ method, fault }),
    handle(request, response) {
      note(seen, request);
      if (handler.maxAppendBytes > 0)
        response.setHeader("Upload-Limit", `min-size=0, max-append-size=${handler.maxAppendBytes}`);
      const json = request.method === "GET" ? handler.answers.get(request.url ?? "") : undefined;
      if (json !== undefined) {
        response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(json));
        return;
      }
      const index = faults.findIndex((entry) => entry.method === request.method);
      const fault = index < 0 ? undefined : faults.splice(index, 1)[0]?.fault;
      // Whatever is asked for, nothing is said.
      if (fault !== undefined && "stallAfterBytes" in fault && request.method === "GET") return;
      answer(request, response, handler, fault).catch(() => response.destroy());
    },
  };
  return handler;
}

export interface Listening {
  readonly origin: string;
  close(): Promise<void>;
}

/** Serves on a free port of loopback. */
export async function listen(handle: TusHandler["handle"]): Promise<Listening> {
  const server = createServer(handle).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export async function startTusEndpoint(): Promise<TusEndpoint> {
  const handler = createTusHandler();
  const { origin, close } = await listen(handler.handle);
  return Object.assign(handler, { url: `${origin}/v1/uploads`, close });
}

function note(seen: SeenRequest[], request: IncomingMessage): void {
  const { headers, method = "", url: path = "" } = request;
  const offset = headers["upload-offset"]?.toString();
  const contentLength = headers["content-length"];
  seen.push({ method, path, authorization: headers.authorization ?? "", offset, contentLength });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { uploads, speed }: TusHandler,
  fault: Fault | undefined,
): Promise<void> {
  if (fault !== undefined && "status" in fault) {
    await drain(request);
    const body = fault.problem === undefined ? "" : JSON.stringify(fault.problem);
    response.writeHead(fault.status, {
      ...TUS,
      "Content-Type": "application/problem+json",
      ...fault.headers,
    });
    response.end(request.method === "HEAD" ? "" : body);
    return;
  }
  if (request.method === "POST") return create(request, response, uploads);
  const id = request.url?.split("/").at(-1) ?? "";
  const upload = uploads.get(id);
  if (upload === undefined) return end(response, 404);
  if (request.method === "HEAD") return end(response, 200, upload);
  if (request.method === "DELETE") {
    uploads.delete(id);
    return end(response, 204);
  }
  return append(request, response, upload, speed, fault);
}

function create(
  request: IncomingMessage,
  response: ServerResponse,
  uploads: Map<string, StoredUpload>,
): void {
  const id = `file${uploads.size + 1}`;
  uploads.set(id, {
    lengthBytes: Number(request.headers["upload-length"]),
    metadata: request.headers["upload-metadata"]?.toString() ?? "",
    bytes: Buffer.alloc(0),
  });
  response.writeHead(201, { ...TUS, Location: `/v1/uploads/${id}` }).end();
}

async function append(
  request: IncomingMessage,
  response: ServerResponse,
  upload: StoredUpload,
  speed: number,
  fault: Exclude<Fault, { status: number }> | undefined,
): Promise<void> {
  if (Number(request.headers["upload-offset"]) !== upload.bytes.length) return end(response, 409);
  const limit = keptBytes(fault);
  let taken = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    const kept = chunk.subarray(0, limit - taken);
    taken += kept.length;
    upload.bytes = Buffer.concat([upload.bytes, kept]);
    if (taken >= limit) break;
    if (speed > 0) await setTimeout((chunk.length / speed) * 1000);
  }
  if (fault === undefined) return end(response, 204, upload);
  if ("cutAfterBytes" in fault) request.socket.destroy();
}

function keptBytes(fault: Exclude<Fault, { status: number }> | undefined): number {
  if (fault === undefined) return Number.POSITIVE_INFINITY;
  return "cutAfterBytes" in fault ? fault.cutAfterBytes : fault.stallAfterBytes;
}

function end(response: ServerResponse, status: number, upload?: StoredUpload): void {
  const offsets =
    upload === undefined
      ? {}
      : { "Upload-Offset": String(upload.bytes.length), "Upload-Length": String(upload.lengthBytes) };
  response.writeHead(status, { ...TUS, "Cache-Control": "no-store", ...offsets }).end();
}

async function drain(request: IncomingMessage): Promise<void> {
  for await (const _chunk of request) {
    // Read to its end, so that the client sees the answer and not a reset.
  }
}
