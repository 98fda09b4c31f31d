import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join } from "node:path";
import { BLOCKED_EXTENSIONS } from "#contract/blocked-types.ts";
import { acceptedTypes, CLASS_LIMIT_BYTES } from "#contract/file-types.ts";
import type { Quota } from "#contract/quota.ts";
import type { UploadRulesResponse } from "#contract/upload-rules.ts";
import { answerCall, type Call, emptyFilesApi, type FilesApi } from "../react/files/files-api.ts";
import { send } from "../react/files/files-server.ts";
import { derivative, type StoredFile, storedFile } from "../react/files/stored-files.ts";
import { type AdminApi, answerAdmin, emptyAdminApi } from "./admin-api.ts";
import { createTusHandler, type Listening, listen, type TusHandler } from "./tus-endpoint.ts";

export interface DemoServer extends Listening, FilesApi {
  readonly tus: TusHandler;
  readonly admin: AdminApi;
  /** Whether `POST /v1/dev/token` exists. */
  givesTokens: boolean;
  /** How long a file is being checked. */
  checkMs: number;
  rules: UploadRulesResponse;
  quota: Quota;
  /** When it is, to whoever uploads. */
  now: () => Date;
}

/** How long a thumbnail is being made. */
const MAKING_MS = 300;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
};

const GIB = 1024 ** 3;

export const USUAL_RULES: UploadRulesResponse = {
  types: acceptedTypes().map((type) => ({ ...type, type: type.mimeType, extensions: [...type.extensions] })),
  blockedExtensions: [...BLOCKED_EXTENSIONS],
  maxBytes: CLASS_LIMIT_BYTES,
  maxAppendBytes: null,
  availableBytes: 7 * GIB,
};

export const USUAL_QUOTA: Quota = {
  ...{ quotaBytes: 10 * GIB, usedBytes: 3 * GIB, reservedBytes: 0, availableBytes: 7 * GIB },
  ...{ filesBytes: 2 * GIB, versionsBytes: 0.7 * GIB, trashBytes: 0.3 * GIB, derivativesBytes: 0 },
  ...{ fileCount: 812, openUploads: 0, level: "ok", warningThreshold: 80 },
};

/** The built demo, or another page, and as much of the API as it uses, in memory. */
export async function startDemoServer(builtDir: string): Promise<DemoServer> {
  const listening = await listen((request, response) => {
    route(server, builtDir, request, response).catch(() => response.destroy());
  });
  const server: DemoServer = {
    ...listening,
    ...emptyFilesApi(listening.origin),
    ...{ tus: createTusHandler(), admin: emptyAdminApi(), givesTokens: true, checkMs: 300 },
    ...{ rules: USUAL_RULES, quota: USUAL_QUOTA, now: () => new Date() },
  };
  return server;
}

async function route(
  server: DemoServer,
  builtDir: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "/", server.origin);
  const { pathname } = url;
  if (pathname.startsWith("/v1/uploads")) return upload(server, request, response);
  if (pathname === "/v1/dev/token") return send(response, token(server));
  if (pathname === "/v1/upload-rules") return send(response, { status: 200, json: server.rules });
  if (pathname === "/v1/quota") return send(response, { status: 200, json: server.quota });
  if (pathname.startsWith("/v1/")) {
    const others = (method: string, call: Call) => answerAdmin(server.admin, method, call);
    return send(response, await answerCall(server, request, url, others));
  }
  const path = pathname === "/" ? "/index.html" : pathname;
  const type = TYPES[extname(path)] ?? "application/octet-stream";
  send(response, { status: 200, raw: { type, body: await readFile(join(builtDir, path)) } });
}

function token({ givesTokens }: DemoServer) {
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  return givesTokens
    ? { status: 200, json: { token: "a.b.c", expiresAt } }
    : { status: 404, json: { code: "ROUTE_NOT_FOUND", title: "There is nothing here" } };
}

/** Files the upload once it is complete. */
function upload(server: DemoServer, request: IncomingMessage, response: ServerResponse): void {
  response.on("finish", () => fileCompleted(server, request.url?.split("/").at(-1) ?? ""));
  server.tus.handle(request, response);
}

function fileCompleted({ tus, files, checkMs, now }: DemoServer, id: string): void {
  const stored = tus.uploads.get(id);
  const isFiled = files.some((file) => file.id === id);
  if (stored === undefined || stored.bytes.length < stored.lengthBytes || isFiled) return;
  const pairs = stored.metadata.split(",").map((pair) => pair.split(" "));
  const metadata = new Map(pairs.map(([key, value = ""]) => [key, Buffer.from(value, "base64").toString()]));
  const createdAt = now().toISOString();
  const file = storedFile(id, metadata.get("filename") ?? "", {
    ...{ mimeType: metadata.get("filetype") ?? "", sizeBytes: stored.lengthBytes },
    ...{ state: "quarantined", verdict: null, createdAt, updatedAt: createdAt },
    ...{ entityType: metadata.get("entityType") ?? null, entityId: metadata.get("entityId") ?? null },
  });
  files.push(file);
  setTimeout(() => settle(file), checkMs).unref();
}

/** Ends a file's check: it is what its name says. */
export function settle(file: StoredFile): void {
  const { verdict } = storedFile("", "");
  file.state = file.filename.includes("eicar") ? "infected" : "clean";
  if (file.filename.includes("locked")) file.state = "unscannable";
  file.verdict = { ...verdict, ...VERDICTS[file.state] };
  if (file.state !== "clean" || !file.mimeType.startsWith("image/")) return;
  file.missingDerivatives.push({ name: "thumbnail", state: "making", reason: null });
  setTimeout(() => {
    file.missingDerivatives.pop();
    file.derivatives.push(derivative("thumbnail"));
  }, MAKING_MS);
}

const VERDICTS: Readonly<Record<string, Partial<StoredFile["verdict"]>>> = {
  infected: {
    verdict: "infected",
    signatureName: "Eicar-Test-Signature",
    reason: "The file contains malware: Eicar-Test-Signature.",
  },
  unscannable: {
    verdict: "unscannable",
    signatureName: "Encrypted.Zip",
    reason: "The file is protected by a password, so it can't be checked for viruses.",
  },
};
