import type { Readable } from "node:stream";
import type { BlobHTTPHeaders, BlockBlobClient, BlockListType, ContainerClient } from "@azure/storage-blob";
import { callTarget, type TargetDeadlines } from "../../call.ts";
import { formatMetadata, parseMetadata } from "../../metadata.ts";
import type { CopyPart } from "../../parts.ts";
import { readBody } from "../../read-body.ts";
import type { CopyBody, CopyFacts, CopyList, CopyRange, StoredCopy } from "../../target.ts";
import type { CopyBucket } from "../bucket-target.ts";
import { explainAzure, isNoBlob } from "./azure-faults.ts";

export interface AzureWriting {
  readonly tier?: "Hot" | "Cool" | "Cold" | undefined;
  readonly encryptionScope?: string | undefined;
}

export interface Block {
  readonly name: string;
  readonly sizeBytes: number;
}

const PAGE_BLOBS = 1_000;
const DOWNLOAD_RETRIES = 3;

/** The requests that a target makes of one container, each under its deadline and with its errors explained. */
export class AzureContainer implements CopyBucket {
  readonly deadlines: TargetDeadlines;
  readonly #container: ContainerClient;
  readonly #writing: AzureWriting;

  constructor(container: ContainerClient, writing: AzureWriting, deadlines: TargetDeadlines) {
    this.#container = container;
    this.#writing = writing;
    this.deadlines = deadlines;
  }

  async head(key: string, signal: AbortSignal): Promise<StoredCopy | undefined> {
    return this.#ask(signal, async (abortSignal) => {
      const found = await this.#blob(key).getProperties({ abortSignal }).catch(unlessMissing);
      if (found === undefined) return undefined;
      const md5 = found.contentMD5;
      return {
        key,
        sizeBytes: found.contentLength ?? 0,
        etag: found.etag ?? "",
        contentType: found.contentType,
        disposition: found.contentDisposition || undefined,
        ...parseMetadata(found.metadata),
        checksums: md5 === undefined ? {} : { md5: Buffer.from(md5).toString("base64") },
      };
    });
  }

  async get(key: string, range: CopyRange | undefined, signal: AbortSignal): Promise<CopyBody | undefined> {
    const { offset, length } = range ?? { offset: 0, length: undefined };
    return this.#ask(signal, async () => {
      // The deadline is for the answer; the body has its own.
      const options = { abortSignal: signal, maxRetryRequests: DOWNLOAD_RETRIES };
      const found = await this.#blob(key).download(offset, length, options).catch(unlessMissing);
      if (found?.readableStreamBody === undefined) return undefined;
      const lengthBytes = found.contentLength ?? 0;
      const body = { signal, deadlineMs: this.deadlines.callMs, explain: explainAzure };
      return {
        body: readBody(found.readableStreamBody as Readable, lengthBytes, body),
        sizeBytes: Number(found.contentRange?.split("/")[1] ?? lengthBytes),
        etag: found.etag ?? "",
      };
    });
  }

  /** The service compares the bytes with their MD5, and keeps it. */
  async put(facts: CopyFacts, { bytes, md5 }: CopyPart, signal: AbortSignal): Promise<void> {
    await this.#ask(
      signal,
      (abortSignal) =>
        this.#blob(facts.key).upload(
          Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
          bytes.byteLength,
          {
            abortSignal,
            ...this.#described(facts, Buffer.from(md5, "hex")),
          },
        ),
      this.deadlines.partMs,
    );
  }

  /** The service compares the block with its MD5. */
  async putBlock(key: string, name: string, { bytes, md5 }: CopyPart, signal: AbortSignal): Promise<void> {
    const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const transactionalContentMD5 = Buffer.from(md5, "hex");
    await this.#ask(
      signal,
      (abortSignal) =>
        this.#blob(key).stageBlock(name, body, body.byteLength, { abortSignal, transactionalContentMD5 }),
      this.deadlines.partMs,
    );
  }

  /** @param md5 of the whole: the service keeps it, and doesn't compare it with anything */
  async commit(facts: CopyFacts, names: readonly string[], md5: Buffer, signal: AbortSignal): Promise<void> {
    await this.#ask(
      signal,
      (abortSignal) =>
        this.#blob(facts.key).commitBlockList([...names], { abortSignal, ...this.#described(facts, md5) }),
      this.deadlines.completeMs,
    );
  }

  async listBlocks(key: string, type: BlockListType, signal: AbortSignal): Promise<Block[]> {
    return this.#ask(signal, async (abortSignal) => {
      const found = await this.#blob(key).getBlockList(type, { abortSignal }).catch(unlessMissing);
      const blocks = type === "committed" ? found?.committedBlocks : found?.uncommittedBlocks;
      return (blocks ?? []).map(({ name, size }) => ({ name, sizeBytes: size }));
    });
  }

  async remove(key: string, signal: AbortSignal): Promise<void> {
    await this.#ask(signal, (abortSignal) =>
      this.#blob(key).delete({ abortSignal, deleteSnapshots: "include" }).catch(unlessMissing),
    );
  }

  /** Blocks that nothing was made of go when an object takes their place, and not otherwise within a week. */
  async discard(key: string, signal: AbortSignal): Promise<void> {
    const blocks = await this.listBlocks(key, "uncommitted", signal);
    if (blocks.length === 0) return;
    await this.#ask(signal, (abortSignal) => this.#blob(key).upload("", 0, { abortSignal }));
    await this.remove(key, signal);
  }

  async list(prefix: string, cursor: string | undefined, signal: AbortSignal): Promise<CopyList> {
    return this.#ask(signal, async (abortSignal) => {
      const pages = this.#container
        .listBlobsFlat({ prefix, abortSignal })
        .byPage({ maxPageSize: PAGE_BLOBS, ...(cursor === undefined ? {} : { continuationToken: cursor }) });
      for await (const { segment, continuationToken } of pages) {
        const objects = segment.blobItems.map(({ name, properties }) => ({
          key: name,
          sizeBytes: properties.contentLength ?? 0,
        }));
        return { objects, cursor: continuationToken || undefined };
      }
      return { objects: [], cursor: undefined };
    });
  }

  close(): void {}

  #blob(key: string): BlockBlobClient {
    return this.#container.getBlockBlobClient(key);
  }

  #described({ contentType, disposition, sha256 }: CopyFacts, blobContentMD5: Buffer) {
    const { tier, encryptionScope } = this.#writing;
    const headers: BlobHTTPHeaders = { blobContentType: contentType, blobContentMD5 };
    if (disposition !== undefined) headers.blobContentDisposition = disposition;
    return {
      blobHTTPHeaders: headers,
      metadata: formatMetadata(sha256),
      ...(tier === undefined ? {} : { tier }),
      ...(encryptionScope === undefined ? {} : { encryptionScope }),
    };
  }

  #ask<T>(
    signal: AbortSignal,
    action: (signal: AbortSignal) => Promise<T>,
    deadlineMs = this.deadlines.callMs,
  ): Promise<T> {
    return callTarget({ signal, deadlineMs, explain: explainAzure }, action);
  }
}

function unlessMissing(error: unknown): undefined {
  if (isNoBlob(error)) return undefined;
  throw error;
}
