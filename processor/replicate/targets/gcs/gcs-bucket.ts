import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import type { Bucket, File, FileMetadata } from "@google-cloud/storage";
import { z } from "zod";
import { callTarget, type TargetDeadlines } from "../../call.ts";
import { formatMetadata, parseMetadata } from "../../metadata.ts";
import { readBody } from "../../read-body.ts";
import { ReplicaFault } from "../../replica-fault.ts";
import type { CopyBody, CopyFacts, CopyList, CopyRange, StoredCopy } from "../../target.ts";
import type { CopyBucket } from "../bucket-target.ts";
import { explainGcs, isNoObject, readAnswer } from "./gcs-faults.ts";
import { GcsSession } from "./gcs-session.ts";

export interface GcsWriting {
  readonly storageClass?: string | undefined;
  readonly kmsKeyName?: string | undefined;
}

/** A session's URI lets its holder write this one object: it lies behind the credentials that may do so anyhow. */
const KeptSession = z.object({ uri: z.url(), sha256: z.string(), sizeBytes: z.int() });
type KeptSession = z.infer<typeof KeptSession>;

/** No key of the product begins with a dot. */
const SESSIONS = ".causeway-sessions/";
const PAGE_OBJECTS = 1_000;

/** The requests that a target makes of one bucket, each under its deadline and with its errors explained. */
export class GcsBucket implements CopyBucket {
  readonly deadlines: TargetDeadlines;
  readonly #bucket: Bucket;
  readonly #writing: GcsWriting;

  constructor(bucket: Bucket, writing: GcsWriting, deadlines: TargetDeadlines) {
    this.#bucket = bucket;
    this.#writing = writing;
    this.deadlines = deadlines;
  }

  async head(key: string, signal: AbortSignal): Promise<StoredCopy | undefined> {
    return this.#ask(signal, async () => {
      const found = await this.#bucket.file(key).getMetadata().catch(unlessMissing);
      return found && describe(key, found[0]);
    });
  }

  /** Not by the SDK's stream: it tells nothing of an answer before its body, and listens more than Node warns at. */
  async get(key: string, range: CopyRange | undefined, signal: AbortSignal): Promise<CopyBody | undefined> {
    const given = new AbortController();
    const whole = AbortSignal.any([signal, given.signal]);
    try {
      return await this.#ask(signal, async () => {
        const response = await this.#fetchMedia(key, range, whole);
        if (!response.ok || response.body === null) throw await readAnswer(response);
        const lengthBytes = Number(response.headers.get("Content-Length") ?? 0);
        const options = { signal, deadlineMs: this.deadlines.callMs, explain: explainGcs };
        const body = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
        return {
          body: readBody(body, lengthBytes, options),
          sizeBytes: Number(response.headers.get("Content-Range")?.split("/")[1] ?? lengthBytes),
          etag: response.headers.get("ETag") ?? "",
        };
      });
    } catch (error) {
      given.abort();
      if (error instanceof ReplicaFault && isNoObject(error.cause)) return undefined;
      throw error;
    }
  }

  /** @param crc32c in base64: the service compares the bytes with it */
  async put(facts: CopyFacts, bytes: Uint8Array, crc32c: string, signal: AbortSignal): Promise<void> {
    const options = {
      resumable: false,
      validation: false,
      metadata: { ...this.#described(facts), crc32c },
    } as const;
    await this.#ask(
      signal,
      () =>
        this.#file(facts.key).save(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), options),
      this.deadlines.partMs,
    );
  }

  /** The session of an earlier try at these very bytes, or a new one. */
  async openSession(
    facts: CopyFacts,
    signal: AbortSignal,
  ): Promise<{ session: GcsSession; sentBytes: number }> {
    const kept = await this.#readSession(facts.key, signal);
    if (kept !== "foreign" && kept?.sha256 === facts.sha256 && kept.sizeBytes === facts.sizeBytes) {
      const session = new GcsSession(kept.uri, facts.sizeBytes, this.deadlines);
      const sentBytes = await session.findOffset(signal);
      if (sentBytes !== undefined && sentBytes < facts.sizeBytes) return { session, sentBytes };
    }
    const [uri] = await this.#ask(signal, () =>
      this.#file(facts.key).createResumableUpload({ metadata: this.#described(facts) }),
    );
    const session = new GcsSession(uri, facts.sizeBytes, this.deadlines);
    const text = JSON.stringify({ uri, sha256: facts.sha256, sizeBytes: facts.sizeBytes });
    const options = { resumable: false, validation: false, contentType: "application/json" } as const;
    await this.#ask(signal, () => this.#bucket.file(sessionName(facts.key)).save(text, options));
    return { session, sentBytes: 0 };
  }

  /** @param isOver whether the session has made its object, and needn't be cancelled */
  async closeSession(key: string, isOver: boolean, signal: AbortSignal): Promise<void> {
    const kept = await this.#readSession(key, signal);
    if (kept === undefined) return;
    if (!isOver && kept !== "foreign")
      await new GcsSession(kept.uri, kept.sizeBytes, this.deadlines).cancel(signal);
    await this.remove(sessionName(key), signal);
  }

  async discard(key: string, signal: AbortSignal): Promise<void> {
    await this.closeSession(key, false, signal);
  }

  async remove(key: string, signal: AbortSignal): Promise<void> {
    await this.#ask(signal, () => this.#bucket.file(key).delete().catch(unlessMissing));
  }

  async list(prefix: string, pageToken: string | undefined, signal: AbortSignal): Promise<CopyList> {
    const query = { prefix, autoPaginate: false, maxResults: PAGE_OBJECTS };
    const [files, next] = await this.#ask(signal, () =>
      this.#bucket.getFiles(pageToken === undefined ? query : { ...query, pageToken }),
    );
    const copies = files.filter(({ name }) => !name.startsWith(SESSIONS));
    return {
      objects: copies.map(({ name, metadata }) => ({ key: name, sizeBytes: Number(metadata.size ?? 0) })),
      cursor: z.object({ pageToken: z.string() }).safeParse(next).data?.pageToken,
    };
  }

  close(): void {}

  /** `foreign`: others who may write in the bucket have put it there, and nothing is asked where it says. */
  async #readSession(key: string, signal: AbortSignal): Promise<KeptSession | "foreign" | undefined> {
    return this.#ask(signal, async () => {
      const found = await this.#bucket
        .file(sessionName(key))
        .download({ validation: false })
        .catch(unlessMissing);
      if (found === undefined) return undefined;
      const kept = parseSession(found[0].toString());
      return kept !== undefined && this.#isOwn(kept.uri) ? kept : "foreign";
    });
  }

  /** Whether it is of an upload into this bucket, by the service itself. */
  #isOwn(uri: string): boolean {
    const { storage, name } = this.#bucket;
    const { origin, pathname } = new URL(uri);
    const isService = origin === new URL(storage.apiEndpoint).origin;
    return isService && pathname.startsWith(`/upload/storage/v1/b/${name}/`);
  }

  async #fetchMedia(key: string, range: CopyRange | undefined, signal: AbortSignal): Promise<Response> {
    const { storage, name } = this.#bucket;
    const url = `${storage.apiEndpoint}/storage/v1/b/${name}/o/${encodeURIComponent(key)}?alt=media`;
    // As the SDK does it: a double knows nobody.
    const headers = storage.customEndpoint ? new Headers() : await storage.authClient.getRequestHeaders(url);
    if (range !== undefined) headers.set("Range", `bytes=${range.offset}-${range.offset + range.length - 1}`);
    return fetch(url, { headers, signal });
  }

  #file(key: string): File {
    const { kmsKeyName } = this.#writing;
    return this.#bucket.file(key, kmsKeyName === undefined ? {} : { kmsKeyName });
  }

  #described({ contentType, disposition, sha256 }: CopyFacts): FileMetadata {
    const { storageClass } = this.#writing;
    return {
      contentType,
      metadata: formatMetadata(sha256),
      ...(disposition === undefined ? {} : { contentDisposition: disposition }),
      ...(storageClass === undefined ? {} : { storageClass }),
    };
  }

  #ask<T>(
    signal: AbortSignal,
    action: (signal: AbortSignal) => Promise<T>,
    deadlineMs = this.deadlines.callMs,
  ): Promise<T> {
    return callTarget({ signal, deadlineMs, explain: explainGcs }, action);
  }
}

function describe(key: string, found: FileMetadata): StoredCopy {
  return {
    key,
    sizeBytes: Number(found.size ?? 0),
    etag: found.etag ?? "",
    contentType: found.contentType,
    disposition: found.contentDisposition,
    ...parseMetadata(found.metadata),
    checksums: found.crc32c === undefined ? {} : { crc32c: found.crc32c },
  };
}

function parseSession(text: string): KeptSession | undefined {
  try {
    return KeptSession.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function sessionName(key: string): string {
  return `${SESSIONS}${createHash("sha256").update(key).digest("hex")}`;
}

function unlessMissing(error: unknown): undefined {
  if (isNoObject(error)) return undefined;
  throw error;
}
