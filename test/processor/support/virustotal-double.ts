import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

export const VIRUSTOTAL_KEY = "virustotal-key-for-tests";

export interface KnownFile {
  readonly stats: object;
  readonly results?: object;
  readonly analysedAtMs?: number;
}

export interface VirusTotalDouble {
  readonly baseUrl: string;
  /** What it knows, by SHA-256. */
  readonly known: Map<string, KnownFile>;
  /** Methods and paths, as they were asked. */
  readonly requests: string[];
  /** SHA-256 of files that were sent. */
  readonly uploads: string[];
  /** Answers to come instead of the right ones. `silent` never answers, `cut` closes the connection. */
  readonly faults: ({ readonly status: number; readonly body?: unknown } | "silent" | "cut")[];
  /** What becomes of a file that is analysed, after so many looks that find it queued. */
  analysis: KnownFile & { readonly looks: number; readonly sha256?: string };
  stop(): Promise<void>;
}

export const CLEAN_STATS = { malicious: 0, suspicious: 0, harmless: 0, undetected: 60, timeout: 1 };

/** The calls about files of VirusTotal's API v3, as its reference documents them (https://docs.virustotal.com/reference). */
export async function startVirusTotalDouble(): Promise<VirusTotalDouble> {
  const analyses = new Map<string, { sha256: string; looks: number }>();
  const double: Omit<VirusTotalDouble, "baseUrl" | "stop"> = {
    ...{ known: new Map(), requests: [], uploads: [], faults: [] },
    analysis: { stats: CLEAN_STATS, looks: 1 },
  };
  let baseUrl = "";

  const begin = (sha256: string): Answer => {
    const id = Buffer.from(`${sha256}:${analyses.size}`).toString("base64");
    analyses.set(id, { sha256, looks: 0 });
    return { status: 200, body: { data: { type: "analysis", id } } };
  };
  const upload = async (request: IncomingMessage): Promise<Answer> => {
    const file = readOnlyPart(await buffer(request), request.headers["content-type"] ?? "");
    if (file === undefined) return refusal(400, "BadRequestError");
    const sha256 = sha256Of(file);
    double.uploads.push(sha256);
    return begin(sha256);
  };
  const lookAt = (id: string): Answer => {
    const analysis = analyses.get(id);
    if (analysis === undefined) return refusal(404, "NotFoundError");
    const isDone = analysis.looks >= double.analysis.looks;
    analysis.looks += 1;
    const { stats, results = {}, sha256 = analysis.sha256 } = double.analysis;
    const done = { status: "completed", stats, results, date: Math.floor(Date.now() / 1000) };
    const attributes = isDone ? done : { status: "queued", stats: {}, results: {} };
    return {
      status: 200,
      body: { data: { type: "analysis", id, attributes }, meta: { file_info: { sha256 } } },
    };
  };
  const report = (sha256: string): Answer => {
    const file = double.known.get(sha256);
    if (file === undefined) return refusal(404, "NotFoundError");
    const { stats, results = {}, analysedAtMs = Date.now() } = file;
    const attributes = {
      ...{ sha256, last_analysis_stats: stats, last_analysis_results: results },
      last_analysis_date: Math.floor(analysedAtMs / 1000),
    };
    return { status: 200, body: { data: { type: "file", id: sha256, attributes } } };
  };
  const answer = async (request: IncomingMessage): Promise<Answer> => {
    if (request.headers["x-apikey"] !== VIRUSTOTAL_KEY) return refusal(401, "WrongCredentialsError");
    const asked = `${request.method} ${request.url}`;
    if (asked === "GET /files/upload_url") return { status: 200, body: { data: `${baseUrl}_ah/upload/1` } };
    if (asked === "POST /files" || asked === "POST /_ah/upload/1") return upload(request);
    const again = /^POST \/files\/(\w{64})\/analyse$/.exec(asked)?.[1];
    if (again !== undefined) return begin(again);
    const id = /^GET \/analyses\/(.+)$/.exec(asked)?.[1];
    if (id !== undefined) return lookAt(decodeURIComponent(id));
    const sha256 = /^GET \/files\/(\w{64})$/.exec(asked)?.[1];
    return sha256 === undefined ? refusal(404, "NotFoundError") : report(sha256);
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    double.requests.push(`${request.method} ${request.url}`);
    const fault = double.faults.shift();
    if (fault === "silent") return;
    if (fault === "cut") {
      response.destroy();
      return;
    }
    const { status, body } = fault ?? (await answer(request));
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(body === undefined ? "" : JSON.stringify(body));
  };
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const stop = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  };
  return Object.assign(double, { baseUrl, stop });
}

/** The bytes of a form's only part, which has to be a file called "file" (RFC 7578). */
function readOnlyPart(form: Buffer, contentType: string): Buffer | undefined {
  const boundary = /^multipart\/form-data; boundary=(.+)$/.exec(contentType)?.[1];
  const bodyAt = form.indexOf("\r\n\r\n") + 4;
  const head = form.subarray(0, bodyAt).toString("latin1");
  const endAt = form.lastIndexOf(`\r\n--${boundary}--`);
  if (!head.startsWith(`--${boundary}\r\n`) || !/name="file"; filename="/.test(head)) return undefined;
  return endAt < bodyAt ? undefined : form.subarray(bodyAt, endAt);
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

export function refusal(status: number, code: string): Answer {
  return { status, body: { error: { code, message: code } } };
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
