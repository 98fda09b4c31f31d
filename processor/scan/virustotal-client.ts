import { openAsBlob } from "node:fs";
import { z } from "zod";
import { describeError, ProcessorFailure } from "../failure.ts";
import { RequestPace } from "./request-pace.ts";

export interface VirusTotalOptions {
  readonly baseUrl: string;
  readonly apiKey: string;
  /** 4 with a public key (https://docs.virustotal.com/docs/api-overview). */
  readonly requestsPerMinute: number;
}

const DEADLINE_MS = 30_000;
/** Of a file's bytes; the scan's own deadline is nearer as a rule. */
const UPLOAD_DEADLINE_MS = 300_000;
/** What is larger goes to an address that is asked for (https://docs.virustotal.com/reference/files-upload-url). */
const SMALL_UPLOAD_BYTES = 32 * 1024 * 1024;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const Count = z.int().min(0).default(0);
/** What the engines said, by how many (https://docs.virustotal.com/reference/analyses-object). */
export const AnalysisStats = z.object({
  malicious: Count,
  suspicious: Count,
  harmless: Count,
  undetected: Count,
});
export type AnalysisStats = z.infer<typeof AnalysisStats>;

const EngineResults = z.record(z.string(), z.object({ category: z.string(), result: z.string().nullish() }));

/** What is known of a file's bytes. */
const FileReport = z.object({
  data: z.object({
    attributes: z.object({
      // Absent while the first analysis is under way.
      last_analysis_stats: AnalysisStats.optional(),
      last_analysis_results: EngineResults.default({}),
      last_analysis_date: z.int().optional(),
    }),
  }),
});
const Analysis = z.object({
  data: z.object({
    attributes: z.object({
      status: z.string(),
      stats: AnalysisStats.optional(),
      results: EngineResults.default({}),
      date: z.int().optional(),
    }),
  }),
  meta: z.object({ file_info: z.object({ sha256: z.string() }).partial().optional() }).optional(),
});
const Submission = z.object({ data: z.object({ id: z.string().min(1).max(500) }) });
const UploadUrl = z.object({ data: z.url({ protocol: /^https?$/ }) });
const Problem = z.object({ error: z.object({ code: z.string().max(60) }) });

/** A finished analysis. */
export interface Findings {
  readonly stats: AnalysisStats;
  /** What the first engine that found something calls it. */
  readonly name: string | undefined;
  readonly analysedAtMs: number;
}

/**
 * VirusTotal's API v3 (https://docs.virustotal.com/reference/overview), as far as files go. Every method throws
 * SCANNER_UNAVAILABLE for whatever isn't the expected answer; no address or key is in what it says.
 */
export class VirusTotalClient {
  readonly #options: VirusTotalOptions;
  readonly #pace: RequestPace;

  constructor(options: VirusTotalOptions) {
    this.#options = options;
    this.#pace = new RequestPace(options.requestsPerMinute);
  }

  /** Why nothing can be asked now, as far as that is known without asking. */
  get closure(): string | undefined {
    return this.#pace.closure;
  }

  /** What is known of bytes with a SHA-256 (hexadecimal), `unfinished` while they are looked at; undefined for nothing. */
  async findReport(sha256: string, signal: AbortSignal): Promise<Findings | "unfinished" | undefined> {
    const body = await this.#request(`files/${sha256}`, {}, signal);
    if (body === undefined) return undefined;
    const { attributes } = parse(FileReport, body).data;
    const { last_analysis_stats: stats, last_analysis_date: seconds } = attributes;
    if (stats === undefined || seconds === undefined) return "unfinished";
    return { stats, name: findName(attributes.last_analysis_results), analysedAtMs: seconds * 1000 };
  }

  /** Has bytes that it has looked at again. Gives the analysis's id. */
  async analyseAgain(sha256: string, signal: AbortSignal): Promise<string> {
    return this.#submit(`files/${sha256}/analyse`, { method: "POST" }, signal);
  }

  /** Sends a file, under no name. Gives the analysis's id. */
  async upload(path: string, sizeBytes: number, signal: AbortSignal): Promise<string> {
    const isSmall = sizeBytes <= SMALL_UPLOAD_BYTES;
    const url = isSmall
      ? "files"
      : parse(UploadUrl, await this.#request("files/upload_url", {}, signal)).data;
    const body = new FormData();
    body.append("file", await openAsBlob(path), "file");
    return this.#submit(url, { method: "POST", body }, signal, UPLOAD_DEADLINE_MS);
  }

  /** Undefined while it isn't finished. Throws too where it is about other bytes. */
  async findAnalysis(id: string, sha256: string, signal: AbortSignal): Promise<Findings | undefined> {
    const answer = parse(Analysis, await this.#request(`analyses/${encodeURIComponent(id)}`, {}, signal));
    const { status, stats, results, date } = answer.data.attributes;
    if (status !== "completed") return undefined;
    const analysed = answer.meta?.file_info?.sha256;
    if (stats === undefined || analysed?.toLowerCase() !== sha256)
      throw unavailable("an analysis of other bytes");
    return { stats, name: findName(results), analysedAtMs: date === undefined ? Date.now() : date * 1000 };
  }

  async #submit(path: string, init: RequestInit, signal: AbortSignal, deadlineMs?: number): Promise<string> {
    return parse(Submission, await this.#request(path, init, signal, deadlineMs)).data.id;
  }

  /** Parsed JSON, or undefined for what isn't known there. */
  async #request(
    path: string,
    init: RequestInit,
    signal: AbortSignal,
    deadlineMs = DEADLINE_MS,
  ): Promise<unknown> {
    await this.#pace.enter(signal);
    const { baseUrl, apiKey } = this.#options;
    try {
      const response = await fetch(new URL(path, baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`), {
        ...init,
        headers: { "x-apikey": apiKey, Accept: "application/json" },
        redirect: "error",
        signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
      });
      // Not undefined, which would be "not known".
      const body: unknown = await response.json().catch(() => null);
      return response.ok ? body : this.#explainRefusal(response.status, body);
    } catch (cause) {
      if (cause instanceof ProcessorFailure) throw cause;
      if (!signal.aborted) this.#pace.close(Date.now() + MINUTE_MS / 4, "VirusTotal did not answer");
      throw new ProcessorFailure("SCANNER_UNAVAILABLE", { detail: describeError(cause), cause });
    }
  }

  /** Of what isn't known, undefined. All else throws, and keeps the next from asking for a while. */
  #explainRefusal(status: number, body: unknown): undefined {
    const code = Problem.safeParse(body).data?.error.code;
    if (status === 404 && code === "NotFoundError") return undefined;
    const nowMs = Date.now();
    // Of a quota nobody tells which one: the daily ones are new at midnight UTC.
    if (code === "QuotaExceededError") {
      this.#pace.close(Math.ceil((nowMs + 1) / DAY_MS) * DAY_MS, "VirusTotal's quota is used up");
    } else if (status === 429) {
      this.#pace.close(nowMs + MINUTE_MS, "VirusTotal wants fewer requests");
    } else if (status === 401 || status === 403) {
      this.#pace.close(nowMs + MINUTE_MS, "VirusTotal refuses the key");
    }
    throw unavailable(`answered ${status} ${code ?? "without a code"}`);
  }
}

function findName(results: z.infer<typeof EngineResults>): string | undefined {
  const found = Object.entries(results).find(([, { category }]) => category === "malicious");
  return found && `${found[0]}: ${found[1].result ?? "malicious"}`;
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw unavailable("an answer of another form");
}

function unavailable(what: string): ProcessorFailure {
  return new ProcessorFailure("SCANNER_UNAVAILABLE", { detail: `VirusTotal: ${what}` });
}
