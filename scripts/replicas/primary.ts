import { createHash } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { z } from "zod";
import { ObjectVariables, objectSettingsOf } from "#contract/object-settings.ts";
import type { ReplicatedVersion } from "#contract/replicas.ts";
import { ObjectStore, openClient, writtenWith } from "../../processor/object-store.ts";
import { type CopyPart, PartBuffers, readParts } from "../../processor/replicate/parts.ts";

const MIB = 1024 * 1024;
const READ_DEADLINE_MS = 3_600_000;
/** What the worker gives parts that no client's appends suggest (worker/uploads/writing/part-size.ts). */
const PART_SIZES = [8, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16].map((mib) => mib * MIB);

const Settings = ObjectVariables.extend({
  S3_ENDPOINT: z.string(),
  S3_BUCKET: z.string(),
  S3_REGION: z.string().default("auto"),
  S3_ACCESS_KEY_ID: z.string(),
  S3_SECRET_ACCESS_KEY: z.string(),
});

/** Where the product's own objects are. */
export interface Primary {
  /** What is wrong with a version's object, in words; undefined for nothing. */
  findFault(version: ReplicatedVersion): Promise<string | undefined>;
  /** The version's bytes, from their beginning. */
  read(version: ReplicatedVersion): Promise<AsyncIterable<Uint8Array> | undefined>;
  /**
   * Writes the object again out of bytes that are read twice. It gets the ETag that the records have, by which it is read:
   * parts are cut as they were, which their ETags tell. Returns why that can't be done; undefined where it was.
   */
  restore(
    version: ReplicatedVersion,
    open: () => Promise<AsyncIterable<Uint8Array>>,
  ): Promise<string | undefined>;
}

/** Throws a sentence for people. */
export function openPrimary(env: NodeJS.ProcessEnv): Primary {
  const settings = Settings.safeParse(env);
  if (!settings.success) throw new Error(`For the primary: ${z.prettifyError(settings.error)}`);
  const given = settings.data;
  const options = {
    ...{
      endpoint: given.S3_ENDPOINT,
      region: given.S3_REGION,
      bucket: given.S3_BUCKET,
      forcePathStyle: true,
    },
    ...{ accessKeyId: given.S3_ACCESS_KEY_ID, secretAccessKey: given.S3_SECRET_ACCESS_KEY },
  };
  const store = new ObjectStore(options);
  const bucket: Bucket = {
    ...{ client: openClient(options), bucket: given.S3_BUCKET },
    written: writtenWith(objectSettingsOf(given, given.S3_ENDPOINT)),
  };
  const open = (version: ReplicatedVersion) =>
    store.findObject(version.objectKey, version.etag || undefined, AbortSignal.timeout(READ_DEADLINE_MS));
  return {
    async findFault(version) {
      const found = await open(version);
      if (found === undefined) return "isn't there, or under another ETag";
      const hash = createHash("sha256");
      for await (const chunk of found.body) hash.update(chunk);
      return hash.digest("hex") === version.sha256 ? undefined : "has other bytes";
    },
    read: async (version) => (await open(version))?.body,
    restore: (version, openCopy) => restore(bucket, version, openCopy),
  };
}

interface Bucket {
  readonly client: S3Client;
  readonly bucket: string;
  /** What is said of every object. */
  readonly written: Partial<PutObjectCommandInput>;
}

async function restore(
  { client, bucket, written }: Bucket,
  version: ReplicatedVersion,
  open: () => Promise<AsyncIterable<Uint8Array>>,
): Promise<string | undefined> {
  const partBytes = await findPartBytes(version, await open());
  if (partBytes === undefined) return "how its parts were cut isn't known: it would get another ETag";
  const object = { Bucket: bucket, Key: version.objectKey };
  const described = { ...object, ...written, ContentType: version.mimeType };
  const parts = partsOf(await open(), version.sizeBytes, partBytes);
  if (!isMultipart(version)) {
    for await (const { bytes: Body, md5 } of parts) {
      const ContentMD5 = Buffer.from(md5, "hex").toString("base64");
      await client.send(new PutObjectCommand({ ...described, Body, ContentMD5 }));
    }
    return undefined;
  }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(described));
  try {
    const Parts = [];
    for await (const { index, bytes: Body, md5 } of parts) {
      const ContentMD5 = Buffer.from(md5, "hex").toString("base64");
      const part = { ...object, UploadId, PartNumber: index + 1, Body, ContentMD5 };
      const { ETag } = await client.send(new UploadPartCommand(part));
      Parts.push({ PartNumber: index + 1, ETag });
    }
    const whole = { ...object, UploadId, MultipartUpload: { Parts } };
    await client.send(new CompleteMultipartUploadCommand(whole));
    return undefined;
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand({ ...object, UploadId })).catch(() => {});
    throw error;
  }
}

/** Which size of parts gives the ETag that the records have. */
async function findPartBytes(
  { etag, sizeBytes, ...version }: ReplicatedVersion,
  source: AsyncIterable<Uint8Array>,
): Promise<number | undefined> {
  const wanted = etag.replaceAll('"', "");
  const count = Number(wanted.split("-")[1] ?? 1);
  const isWhole = !isMultipart({ etag, sizeBytes, ...version });
  const sizes = isWhole
    ? [Math.max(1, sizeBytes)]
    : PART_SIZES.filter((size) => Math.max(1, Math.ceil(sizeBytes / size)) === count);
  const cuts = sizes.map((size) => new PartCut(size));
  for await (const chunk of source) for (const cut of cuts) cut.add(chunk);
  return cuts.find((cut) => cut.finish(isWhole) === wanted)?.partBytes;
}

function isMultipart({ etag }: ReplicatedVersion): boolean {
  return etag.includes("-");
}

/** The ETag of bytes that are cut into parts of one size. */
class PartCut {
  readonly partBytes: number;
  readonly #md5s: Buffer[] = [];
  #hash = createHash("md5");
  #filled = 0;

  constructor(partBytes: number) {
    this.partBytes = partBytes;
  }

  add(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.byteLength;) {
      if (this.#filled === this.partBytes) this.#endPart();
      const taken = chunk.subarray(at, at + this.partBytes - this.#filled);
      this.#hash.update(taken);
      this.#filled += taken.byteLength;
      at += taken.byteLength;
    }
  }

  finish(isWhole: boolean): string {
    this.#endPart();
    const [first] = this.#md5s;
    if (isWhole && first !== undefined) return first.toString("hex");
    const hash = createHash("md5").update(Buffer.concat(this.#md5s)).digest("hex");
    return `${hash}-${this.#md5s.length}`;
  }

  #endPart(): void {
    this.#md5s.push(this.#hash.digest());
    this.#hash = createHash("md5");
    this.#filled = 0;
  }
}

async function* partsOf(
  source: AsyncIterable<Uint8Array>,
  sizeBytes: number,
  partBytes: number,
): AsyncGenerator<CopyPart> {
  const buffers = new PartBuffers(Math.min(partBytes, sizeBytes));
  for await (const part of readParts(source, sizeBytes, partBytes, buffers)) {
    yield part;
    buffers.giveBack(part.bytes);
  }
}
