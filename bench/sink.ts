/**
 * The far end of the bench bucket, run as a process of its own: an HTTP server that counts and discards object bytes,
 * and remembers just enough (sizes, etags, metadata) to answer head, get and complete as R2 would.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { countBody, readText, writeZeros } from "./object-bytes.ts";
import { serve } from "./serve.ts";

interface StoredObject {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly metadata: string;
}

interface MultipartUpload {
  readonly key: string;
  readonly metadata: string;
  readonly parts: Map<number, { etag: string; size: number }>;
}

interface Answer {
  readonly status: number;
  readonly json?: unknown;
  readonly zeros?: number;
}

/** Whether parts are neither read nor answered, and how many were not. */
const silence = { isOn: false, parts: 0 };
const objects = new Map<string, StoredObject>();
const uploads = new Map<string, MultipartUpload>();

function metadataOf(request: IncomingMessage): string {
  const header = request.headers["x-metadata"];
  return typeof header === "string" ? header : "{}";
}

function storeObject(key: string, size: number, metadata: string): StoredObject {
  const stored = { key, size, etag: randomUUID().replaceAll("-", ""), metadata };
  objects.set(key, stored);
  return stored;
}

async function putObject(request: IncomingMessage, key: string): Promise<Answer> {
  if (request.headers["content-length"] === undefined) return { status: 411 };
  const size = await countBody(request);
  return { status: 200, json: storeObject(key, size, metadataOf(request)) };
}

async function putPart(request: IncomingMessage, query: URLSearchParams): Promise<Answer> {
  if (silence.isOn) {
    silence.parts += 1;
    return new Promise(() => {});
  }
  const upload = uploads.get(query.get("uploadId") ?? "");
  if (upload === undefined) return { status: 404 };
  if (request.headers["content-length"] === undefined) return { status: 411 };
  const part = { etag: randomUUID(), size: await countBody(request) };
  upload.parts.set(Number(query.get("partNumber")), part);
  return { status: 200, json: part };
}

function createUpload(request: IncomingMessage, key: string): Answer {
  const uploadId = randomUUID();
  uploads.set(uploadId, { key, metadata: metadataOf(request), parts: new Map() });
  return { status: 200, json: { uploadId } };
}

async function completeUpload(request: IncomingMessage, query: URLSearchParams): Promise<Answer> {
  const listed = JSON.parse(await readText(request)) as { partNumber: number; etag: string }[];
  const uploadId = query.get("uploadId") ?? "";
  const upload = uploads.get(uploadId);
  if (upload === undefined) return { status: 404 };
  let size = 0;
  for (const { partNumber, etag } of listed) {
    const part = upload.parts.get(partNumber);
    if (part === undefined || part.etag !== etag) return { status: 400 };
    size += part.size;
  }
  uploads.delete(uploadId);
  return { status: 200, json: storeObject(upload.key, size, upload.metadata) };
}

function getObject(key: string, query: URLSearchParams): Answer {
  const stored = objects.get(key);
  if (stored === undefined) return { status: 404 };
  if (query.get("head") === "1") return { status: 200, json: stored };
  const offset = Number(query.get("offset") ?? 0);
  return { status: 200, zeros: Math.min(Number(query.get("length") ?? stored.size), stored.size - offset) };
}

async function route(request: IncomingMessage): Promise<Answer> {
  const url = new URL(request.url ?? "/", "http://sink");
  const query = url.searchParams;
  const key = query.get("key") ?? "";
  switch (`${request.method ?? ""} ${url.pathname}`) {
    case "PUT /object":
      return putObject(request, key);
    case "GET /object":
      return getObject(key, query);
    case "DELETE /object":
      return { status: objects.delete(key) ? 200 : 404, json: null };
    case "POST /upload":
      return createUpload(request, key);
    case "PUT /part":
      return putPart(request, query);
    case "POST /complete":
      return completeUpload(request, query);
    case "DELETE /upload":
      return { status: uploads.delete(query.get("uploadId") ?? "") ? 200 : 404, json: null };
    case "POST /silence":
      silence.isOn = true;
      return { status: 200, json: silence };
    case "GET /silence":
      return { status: 200, json: silence };
    default:
      return { status: 404 };
  }
}

function writeJson(response: ServerResponse, answer: Answer): void {
  const body = Buffer.from(JSON.stringify(answer.json ?? null));
  response.writeHead(answer.status, {
    "content-type": "application/json",
    "content-length": body.byteLength,
  });
  response.end(body);
}

const server = createServer({ highWaterMark: 256 * 1024 }, (request, response) => {
  route(request).then(
    (answer) => {
      if (answer.zeros !== undefined) {
        response.writeHead(answer.status, { "content-length": answer.zeros });
        return writeZeros(response, answer.zeros);
      }
      request.resume();
      writeJson(response, answer);
    },
    () => response.destroy(),
  );
});

serve(server);
