import { createHash } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Bucket, File, FileMetadata } from "@google-cloud/storage";
import { z } from "zod";
import { callTarget, type TargetDeadlines } from "../../call.ts";
import { formatMetadata, parseMetadata } from "../../metadata.ts";
import { readBody } from "../../read-body.ts";
import type { CopyBody, CopyFacts, CopyList, CopyRange, StoredCopy } from "../../target.ts";
import { explainGcs, isNoObject } from "./gcs-faults.ts";
import { GcsSession } from "./gcs-session.ts";

export interface GcsWriting {
  readonly storageClass?: string | undefined;
  readonly kmsKeyName?: string | undefined;
}

/** A session's URI lets its holder write this one object: it lies behind the credentials that may do so anyhow. */
const KeptSession = z.object({ uri: z.url(), sha256: z.string(), sizeBytes: z.int() });

/** No key of the product begins with a dot. */
const SESSIONS = ".causeway-sessions/";
const PAGE_OBJECTS = 1_000;

/** The requests that a target makes of one bucket, each under its deadline and with its errors explained. */
export class GcsBucket {
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

  async get(key: string, range: CopyRange | undefined, signal: AbortSignal): Promise<CopyBody | undefined> {
    return this.#ask(signal, async (either) => {
      const bounds = range && { start: range.offset, end: range.offset + range.length - 1 };
      const file = this.#bucket.file(key);
      // Validation is by a checksum in JavaScript; what is read is compared by SHA-256 where it matters.
      const body = file.createReadStream({ ...bounds, validation: false, decompress: false });
      const answered = once(body, "response", { signal: either });
      // It asks when it is first read from.
      body.read(0);
      const answer = await Promise.race([answered, firstError(body)]).catch(unlessMissing);
      if (answer === undefined) return undefined;
      const { headers } = answer[0] as IncomingMessage;
      const lengthBytes = Number(headers["content-length"] ?? 0);
      const options = { signal, deadlineMs: this.deadlines.callMs, explain: explainGcs };
      return {
        body: readBody(body, lengthBytes, options),
        sizeBytes: Number(headers["content-range"]?.split("/")[1] ?? lengthBytes),
        etag: headers.etag ?? "",
      };
    });
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
    if (kept?.sha256 === facts.sha256 && kept.sizeBytes === facts.sizeBytes) {
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
    if (!isOver) await new GcsSession(kept.uri, kept.sizeBytes, this.deadlines).cancel(signal);
    await this.remove(sessionName(key), signal);
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

  async #readSession(key: string, signal: AbortSignal): Promise<z.infer<typeof KeptSession> | undefined> {
    return this.#ask(signal, async () => {
      const found = await this.#bucket
        .file(sessionName(key))
        .download({ validation: false })
        .catch(unlessMissing);
      return found && KeptSession.safeParse(JSON.parse(found[0].toString())).data;
    });
  }

  #file(key: string): File {
    const { kmsKeyName } = this.#writing;
    return this.#bucket.file(key, kmsKeyName === undefined ? {} : { kmsKeyName });
  }

  #described({ contentType, disposition, sha256, tags }: CopyFacts): FileMetadata {
    const { storageClass } = this.#writing;
    return {
      contentType,
      metadata: formatMetadata(sha256, tags),
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

function sessionName(key: string): string {
  return `${SESSIONS}${createHash("sha256").update(key).digest("hex")}`;
}

async function firstError(body: NodeJS.EventEmitter): Promise<never> {
  const [error] = (await once(body, "error")) as unknown[];
  throw error;
}

function unlessMissing(error: unknown): undefined {
  if (isNoObject(error)) return undefined;
  throw error;
}
