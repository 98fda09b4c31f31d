import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { open, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { DoubleObjects, type ObjectResource, Refusal } from "./objects.ts";

/** What is durable of an upload that was cut: whole ones of these. */
const GRAIN_BYTES = 256 * 1024;

export interface GcsDoubleOptions {
  readonly directory: string;
  readonly bucket: string;
  readonly port?: number;
  /** May answer a request itself, or do something to it: whether it has. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface GcsDouble {
  readonly url: string;
  readonly objects: DoubleObjects;
  close(): Promise<void>;
}

/**
 * The part of GCS's JSON API that copies use: metadata, ranged media, lists, deletes, multipart and resumable uploads, with
 * 308, sessions that remember what is durable, and checksums. It knows nobody: there are no credentials.
 */
export async function startGcsDouble(options: GcsDoubleOptions): Promise<GcsDouble> {
  const objects = new DoubleObjects(options.directory);
  await objects.createBucket(options.bucket);
  const server = createServer((request, response) => {
    if (options.intercept?.(request, response) === true) return;
    answer(objects, request, response).catch((error: unknown) => refuse(response, error));
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The double has no port.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    objects,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function answer(
  objects: DoubleObjects,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "/", `http://${request.headers.host}`);
  const [, isUpload, bucket = "", name] =
    /^\/(upload\/)?storage\/v1\/b\/([^/]+)\/o(?:\/(.+))?$/.exec(url.pathname) ?? [];
  const session = url.searchParams.get("upload_id");
  if (isUpload !== undefined && session !== null) return answerSession(objects, request, response, session);
  if (isUpload !== undefined) return answerUpload(objects, request, response, url, bucket);
  if (name === undefined) return answerList(objects, response, url, bucket);
  const key = decodeURIComponent(name);
  if (request.method === "DELETE") {
    await objects.remove(bucket, key);
    response.writeHead(204).end();
  } else if (url.searchParams.get("alt") === "media") {
    await answerMedia(objects, request, response, bucket, key);
  } else {
    sendJson(response, await objects.find(bucket, key));
  }
}

async function answerList(
  objects: DoubleObjects,
  response: ServerResponse,
  url: URL,
  bucket: string,
): Promise<void> {
  const { searchParams: query } = url;
  const all = await objects.list(bucket, query.get("prefix") ?? "");
  const begin = Number(query.get("pageToken") ?? 0);
  const end = begin + Number(query.get("maxResults") ?? 1_000);
  const nextPageToken = end < all.length ? String(end) : undefined;
  sendJson(response, { kind: "storage#objects", items: all.slice(begin, end), nextPageToken });
}

async function answerMedia(
  objects: DoubleObjects,
  request: IncomingMessage,
  response: ServerResponse,
  bucket: string,
  key: string,
): Promise<void> {
  const found = await objects.find(bucket, key);
  const size = Number(found.size);
  const [, start, end] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const first = Number(start ?? 0);
  const last = Math.min(end ? Number(end) : size - 1, size - 1);
  if (start !== undefined && first >= size) throw new Refusal(416, "requestedRangeNotSatisfiable", "Range");
  const headers = {
    "Content-Type": found.contentType ?? "",
    ETag: found.etag,
    "Content-Length": last - first + 1,
  };
  const hash = { "X-Goog-Hash": `crc32c=${found.crc32c}`, "X-Goog-Stored-Content-Encoding": "identity" };
  const range = start === undefined ? {} : { "Content-Range": `bytes ${first}-${last}/${size}` };
  response.writeHead(start === undefined ? 200 : 206, { ...headers, ...hash, ...range });
  if (size === 0) return void response.end();
  await pipeline(createReadStream(objects.dataPath(bucket, key), { start: first, end: last }), response);
}

async function answerUpload(
  objects: DoubleObjects,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  bucket: string,
): Promise<void> {
  await objects.requireBucket(bucket);
  const name = url.searchParams.get("name") ?? "";
  const body = await buffer(request);
  const id = randomUUID();
  if (url.searchParams.get("uploadType") === "resumable") {
    const type = request.headers["x-upload-content-type"];
    const contentType = typeof type === "string" ? { contentType: type } : {};
    const resource = { ...contentType, ...(JSON.parse(body.toString() || "{}") as ObjectResource), name };
    await objects.openSession(id, { bucket, resource });
    url.searchParams.set("upload_id", id);
    response.writeHead(200, { Location: url.href }).end();
    return;
  }
  const { resource, bytes } = readRelated(request.headers["content-type"] ?? "", body);
  await writeFile(objects.sessionPath(id), bytes);
  sendJson(response, await objects.store(bucket, { ...resource, name }, objects.sessionPath(id)));
}

/** The two parts of `multipart/related`: the resource in JSON, then the bytes. */
function readRelated(contentType: string, body: Buffer): { resource: ObjectResource; bytes: Buffer } {
  const boundary = Buffer.from(`--${/boundary="?([^";]+)/.exec(contentType)?.[1] ?? ""}`);
  const second = body.indexOf(boundary, boundary.byteLength);
  const end = body.lastIndexOf(boundary);
  const contentOf = (from: number, to: number): Buffer =>
    body.subarray(body.indexOf("\r\n\r\n", from) + 4, to - 2);
  const resource = JSON.parse(contentOf(0, second).toString()) as ObjectResource;
  return { resource, bytes: contentOf(second, end) };
}

async function answerSession(
  objects: DoubleObjects,
  request: IncomingMessage,
  response: ServerResponse,
  id: string,
): Promise<void> {
  const { bucket, resource, sizeBytes } = await objects.findSession(id);
  if (request.method === "DELETE") {
    await objects.endSession(id);
    response.writeHead(499).end();
    return;
  }
  const [, first, total] =
    /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(request.headers["content-range"] ?? "") ?? [];
  if (total === undefined) throw new Refusal(400, "invalid", "Content-Range");
  if (first !== undefined && Number(first) > sizeBytes) throw new Refusal(400, "invalid", "A gap");
  const length = Number(total);
  const held = first === undefined ? sizeBytes : await append(objects, request, id, Number(first), length);
  if (held === length) {
    sendJson(response, await objects.store(bucket, resource, objects.sessionPath(id)));
    await objects.endSession(id);
    return;
  }
  response.writeHead(308, held === 0 ? {} : { Range: `bytes=0-${held - 1}` }).end();
}

/** Gives what is durable then. What had come before is ignored; of a request that was cut, whole grains stay. */
async function append(
  objects: DoubleObjects,
  request: IncomingMessage,
  id: string,
  first: number,
  length: number,
): Promise<number> {
  const file = await open(objects.sessionPath(id), "r+");
  let end = first;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      await file.write(chunk, 0, chunk.byteLength, end);
      end += chunk.byteLength;
    }
  } catch {
    // Cut: its client asks how much has come.
  } finally {
    const { size } = await file.stat();
    if (size < length) await file.truncate(size - (size % GRAIN_BYTES));
    await file.close();
  }
  return end === length ? length : end - (end % GRAIN_BYTES);
}

function sendJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy();
  const refusal = error instanceof Refusal ? error : new Refusal(500, "internalError", String(error));
  const { status: code, reason, message } = refusal;
  response.writeHead(code, { "Content-Type": "application/json" });
  response.end(JSON.stringify({ error: { code, message, errors: [{ message, domain: "global", reason }] } }));
}
