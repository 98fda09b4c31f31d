import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join } from "node:path";
import { BLOCKED_EXTENSIONS } from "#contract/blocked-types.ts";
import { acceptedTypes, CLASS_LIMIT_BYTES } from "#contract/file-types.ts";
import type { Quota } from "#contract/quota.ts";
import type { UploadRulesResponse } from "#contract/upload-rules.ts";
import { createTusHandler, type Listening, listen, type TusHandler } from "./tus-endpoint.ts";

interface FakeFile {
  id: string;
  filename: string;
  mimeType: string;
  sizeBytes: number;
  state: string;
  verdict: { signatureName: string } | null;
  derivatives: { name: string }[];
  missingDerivatives: { name: string; state: string }[];
  ownerId: string;
  createdAt: string;
  sha256: string | null;
  entityType: string | null;
  entityId: string | null;
}

export interface DemoServer extends Listening {
  readonly tus: TusHandler;
  readonly files: Map<string, FakeFile>;
  /** Whether `POST /v1/dev/token` exists. */
  givesTokens: boolean;
  /** How long a file is being checked. */
  checkMs: number;
  rules: UploadRulesResponse;
  quota: Quota;
}

/** How long a thumbnail is being made. */
const MAKING_MS = 300;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
};

const GIB = 1024 ** 3;

const USUAL_RULES: UploadRulesResponse = {
  types: acceptedTypes().map((type) => ({ ...type, type: type.mimeType, extensions: [...type.extensions] })),
  blockedExtensions: [...BLOCKED_EXTENSIONS],
  maxBytes: CLASS_LIMIT_BYTES,
  maxAppendBytes: null,
  availableBytes: 7 * GIB,
};

const USUAL_QUOTA: Quota = {
  ...{ quotaBytes: 10 * GIB, usedBytes: 3 * GIB, reservedBytes: 0, availableBytes: 7 * GIB },
  ...{ filesBytes: 2 * GIB, versionsBytes: 0.7 * GIB, trashBytes: 0.3 * GIB, derivativesBytes: 0 },
  ...{ fileCount: 812, openUploads: 0, level: "ok", warningThreshold: 80 },
};

const THUMBNAIL =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><rect width="40" height="40" fill="#87b6d9"/>' +
  '<path d="M0 30l12-12 9 9 6-6 13 13v6H0z" fill="#3f6b4f"/><circle cx="29" cy="11" r="4" fill="#ffe08a"/></svg>';

export function fakeFile(id: string, filename: string, changes: Partial<FakeFile> = {}): FakeFile {
  return {
    id,
    filename,
    mimeType: "application/pdf",
    sizeBytes: 2_400_000,
    state: "clean",
    verdict: null,
    derivatives: [],
    missingDerivatives: [],
    ownerId: "ann",
    createdAt: "2026-11-12T09:30:00Z",
    sha256: null,
    entityType: null,
    entityId: null,
    ...changes,
  };
}

/** The built demo and as much of the API as it uses, in memory. */
export async function startDemoServer(builtDir: string): Promise<DemoServer> {
  const tus = createTusHandler();
  const files = new Map<string, FakeFile>();
  const server: DemoServer = {
    tus,
    files,
    givesTokens: true,
    checkMs: 300,
    rules: USUAL_RULES,
    quota: USUAL_QUOTA,
    ...(await listen((request, response) => {
      route(server, builtDir, request, response).catch(() => response.destroy());
    })),
  };
  return server;
}

function json(response: ServerResponse, status: number, body?: unknown): void {
  const type = status < 400 ? "application/json" : "application/problem+json";
  response.writeHead(status, { "Content-Type": type }).end(body === undefined ? "" : JSON.stringify(body));
}

async function route(
  server: DemoServer,
  builtDir: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", server.origin);
  if (pathname.startsWith("/v1/uploads")) return upload(server, request, response);
  if (pathname === "/v1/dev/token") return token(server, response);
  if (pathname === "/v1/upload-rules") return json(response, 200, server.rules);
  if (pathname === "/v1/quota") return json(response, 200, server.quota);
  if (pathname === "/v1/signed-urls") return sign(server, request, response);
  if (pathname.startsWith("/v1/files")) return serveFiles(server, request, response, pathname);
  if (pathname.startsWith("/d/")) {
    response.writeHead(200, { "Content-Type": "image/svg+xml" }).end(THUMBNAIL);
    return;
  }
  if (pathname.startsWith("/v1/")) return json(response, 404, { code: "NOT_FOUND", title: "No such route" });
  const path = pathname === "/" ? "/index.html" : pathname;
  response.writeHead(200, { "Content-Type": TYPES[extname(path)] ?? "application/octet-stream" });
  response.end(await readFile(join(builtDir, path)));
}

function token(server: DemoServer, response: ServerResponse): void {
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  if (server.givesTokens) json(response, 200, { token: "a.b.c", expiresAt });
  else json(response, 404, { code: "ROUTE_NOT_FOUND", title: "There is nothing here" });
}

/** Files the upload once it is complete. */
function upload(server: DemoServer, request: IncomingMessage, response: ServerResponse): void {
  response.on("finish", () => fileCompleted(server, request.url?.split("/").at(-1) ?? ""));
  server.tus.handle(request, response);
}

function fileCompleted({ tus, files, checkMs }: DemoServer, id: string): void {
  const stored = tus.uploads.get(id);
  if (stored === undefined || stored.bytes.length < stored.lengthBytes || files.has(id)) return;
  const pairs = stored.metadata.split(",").map((pair) => pair.split(" "));
  const metadata = new Map(pairs.map(([key, value = ""]) => [key, Buffer.from(value, "base64").toString()]));
  const filename = metadata.get("filename") ?? "";
  const mimeType = metadata.get("filetype") ?? "";
  const createdAt = new Date().toISOString();
  const file = fakeFile(id, filename, {
    mimeType,
    sizeBytes: stored.lengthBytes,
    state: "quarantined",
    createdAt,
    entityType: metadata.get("entityType") ?? null,
    entityId: metadata.get("entityId") ?? null,
  });
  files.set(id, file);
  setTimeout(() => {
    settle(file);
    file.sha256 = createHash("sha256").update(stored.bytes).digest("hex");
  }, checkMs);
}

function settle(file: FakeFile): void {
  file.state = file.filename.includes("eicar") ? "infected" : "clean";
  if (file.state === "infected") file.verdict = { signatureName: "Eicar-Test-Signature" };
  else if (file.mimeType.startsWith("image/")) {
    file.missingDerivatives.push({ name: "thumbnail", state: "making" });
    setTimeout(() => {
      file.missingDerivatives.pop();
      file.derivatives.push({ name: "thumbnail" });
    }, MAKING_MS);
  }
}

async function sign(server: DemoServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = "";
  for await (const chunk of request) text += chunk;
  const { items } = JSON.parse(text) as { items: { fileId: string }[] };
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const signed = items.map(({ fileId }) => ({
    fileId,
    url: `${server.origin}/d/${fileId}/x?sig=1`,
    expiresAt,
  }));
  json(response, 200, { items: signed });
}

function listed(files: DemoServer["files"], { url = "" }: IncomingMessage): readonly FakeFile[] {
  const sha256 = new URLSearchParams(url.split("?")[1]).get("sha256");
  return [...files.values()].filter((file) => sha256 === null || file.sha256 === sha256);
}

function serveFiles(
  { files }: DemoServer,
  request: IncomingMessage,
  response: ServerResponse,
  pathname: string,
): void {
  const id = pathname.split("/")[3];
  const file = files.get(id ?? "");
  if (id === undefined) json(response, 200, { items: listed(files, request), nextCursor: null });
  else if (file === undefined) json(response, 404, { code: "FILE_NOT_FOUND", title: "No such file" });
  else if (request.method !== "DELETE") json(response, 200, file);
  else {
    files.delete(id);
    json(response, 204);
  }
}
