/**
 * The S3 calls that `@tus/s3-store` makes, run as a process of its own: object bytes are counted and discarded, so that
 * what the store costs isn't an emulator's disk. Descriptions, which the store reads again, are kept. Path-style, and
 * whoever asks is believed.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { countBody, readText, writeZeros } from "./object-bytes.ts";
import { serve } from "./serve.ts";

interface StoredObject {
  readonly size: number;
  readonly etag: string;
  /** `x-amz-meta-*`, as they came. */
  readonly metadata: Record<string, string>;
  /** Of a description; bytes of other objects are gone. */
  readonly text: string | undefined;
}

interface Part {
  readonly etag: string;
  readonly size: number;
}

interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** In place of `body`: so many zeros. */
  readonly zeros?: number;
}

/** What S3 lists at a time. */
const PARTS_PER_PAGE = 1_000;
/** What the store calls an upload's description. */
const DESCRIPTION = ".info";

const objects = new Map<string, StoredObject>();
const uploads = new Map<string, Map<number, Part>>();

function xml(name: string, content: string, status = 200): Answer {
  const body = `<?xml version="1.0" encoding="UTF-8"?><${name}>${content}</${name}>`;
  return { status, headers: { "content-type": "application/xml" }, body };
}

function element(name: string, value: string | number | boolean): string {
  return `<${name}>${value}</${name}>`;
}

function missing(code: "NoSuchKey" | "NoSuchUpload"): Answer {
  return xml("Error", element("Code", code) + element("Message", "It isn't here."), 404);
}

function newEtag(): string {
  return `"${randomUUID().replaceAll("-", "")}"`;
}

/** The SDK sends streams in signed chunks, which are longer than what is in them. */
async function takeBytes(request: IncomingMessage): Promise<number> {
  const received = await countBody(request);
  return Number(request.headers["x-amz-decoded-content-length"] ?? received);
}

function metadataOf(request: IncomingMessage): Record<string, string> {
  const metadata = Object.entries(request.headers).filter(([name]) => name.startsWith("x-amz-meta-"));
  return Object.fromEntries(metadata.map(([name, value]) => [name, String(value)]));
}

async function putObject(request: IncomingMessage, key: string): Promise<Answer> {
  const text = key.endsWith(DESCRIPTION) ? await readText(request) : undefined;
  const size = text === undefined ? await takeBytes(request) : Buffer.byteLength(text);
  const etag = newEtag();
  objects.set(key, { size, etag, metadata: metadataOf(request), text });
  return { status: 200, headers: { etag } };
}

function getObject(key: string): Answer {
  const stored = objects.get(key);
  if (stored === undefined) return missing("NoSuchKey");
  const { size, etag, metadata, text } = stored;
  const headers = { etag, ...metadata, "content-length": String(size) };
  return text === undefined ? { status: 200, headers, zeros: size } : { status: 200, headers, body: text };
}

function headObject(key: string): Answer {
  const stored = objects.get(key);
  if (stored === undefined) return { status: 404 };
  return { status: 200, headers: { etag: stored.etag, "content-length": String(stored.size) } };
}

async function deleteObjects(request: IncomingMessage): Promise<Answer> {
  for (const [, key = ""] of (await readText(request)).matchAll(/<Key>([^<]*)<\/Key>/g)) objects.delete(key);
  return xml("DeleteResult", "");
}

function createUpload(key: string): Answer {
  const id = randomUUID();
  uploads.set(id, new Map());
  return xml("InitiateMultipartUploadResult", element("Key", key) + element("UploadId", id));
}

async function uploadPart(request: IncomingMessage, query: URLSearchParams): Promise<Answer> {
  const parts = uploads.get(query.get("uploadId") ?? "");
  if (parts === undefined) return missing("NoSuchUpload");
  const part = { etag: newEtag(), size: await takeBytes(request) };
  parts.set(Number(query.get("partNumber")), part);
  return { status: 200, headers: { etag: part.etag } };
}

function listParts(query: URLSearchParams): Answer {
  const parts = uploads.get(query.get("uploadId") ?? "");
  if (parts === undefined) return missing("NoSuchUpload");
  const after = Number(query.get("part-number-marker") ?? 0);
  const rest = [...parts].filter(([number]) => number > after).sort(([a], [b]) => a - b);
  const page = rest.slice(0, PARTS_PER_PAGE);
  const listed = page.map(([number, { etag, size }]) =>
    element("Part", element("PartNumber", number) + element("ETag", etag) + element("Size", size)),
  );
  const next = element("NextPartNumberMarker", page.at(-1)?.[0] ?? 0);
  return xml("ListPartsResult", next + element("IsTruncated", rest.length > page.length) + listed.join(""));
}

async function completeUpload(
  request: IncomingMessage,
  key: string,
  query: URLSearchParams,
): Promise<Answer> {
  await readText(request);
  const uploadId = query.get("uploadId") ?? "";
  const parts = uploads.get(uploadId);
  if (parts === undefined) return missing("NoSuchUpload");
  uploads.delete(uploadId);
  const size = [...parts.values()].reduce((sum, part) => sum + part.size, 0);
  const etag = newEtag();
  objects.set(key, { size, etag, metadata: {}, text: undefined });
  return xml("CompleteMultipartUploadResult", element("Key", key) + element("ETag", etag));
}

function removeUpload(query: URLSearchParams): Answer {
  return uploads.delete(query.get("uploadId") ?? "") ? { status: 204 } : missing("NoSuchUpload");
}

async function routeUpload(request: IncomingMessage, key: string, query: URLSearchParams): Promise<Answer> {
  switch (request.method ?? "") {
    case "PUT":
      return uploadPart(request, query);
    case "GET":
      return listParts(query);
    case "POST":
      return completeUpload(request, key, query);
    case "DELETE":
      return removeUpload(query);
    default:
      return { status: 405 };
  }
}

async function route(request: IncomingMessage): Promise<Answer> {
  const { pathname, searchParams: query } = new URL(request.url ?? "/", "http://s3");
  // `/bucket/key`; there is one bucket.
  const key = decodeURIComponent(pathname.split("/").slice(2).join("/"));
  if (query.has("uploadId")) return routeUpload(request, key, query);
  switch (request.method ?? "") {
    case "PUT":
      return putObject(request, key);
    case "GET":
      return getObject(key);
    case "HEAD":
      return headObject(key);
    case "DELETE":
      objects.delete(key);
      return { status: 204 };
    case "POST":
      return query.has("uploads") ? createUpload(key) : deleteObjects(request);
    default:
      return { status: 405 };
  }
}

function respond(response: ServerResponse, { status, headers = {}, body = "", zeros }: Answer): void {
  response.writeHead(status, { "content-length": Buffer.byteLength(body), ...headers });
  if (zeros === undefined) response.end(body);
  else writeZeros(response, zeros);
}

const server = createServer({ highWaterMark: 256 * 1024 }, (request, response) => {
  route(request).then(
    (answer) => {
      request.resume();
      respond(response, answer);
    },
    () => response.destroy(),
  );
});

serve(server);
