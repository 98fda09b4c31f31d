import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createCRC32 } from "hash-wasm";

/** What a client may say of an object when it is made (https://cloud.google.com/storage/docs/json_api/v1/objects). */
export interface ObjectResource {
  readonly name: string;
  readonly contentType?: string;
  readonly contentDisposition?: string;
  readonly storageClass?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly crc32c?: string;
  readonly md5Hash?: string;
}

export interface StoredResource extends ObjectResource {
  readonly kind: "storage#object";
  readonly bucket: string;
  readonly generation: string;
  readonly etag: string;
  readonly size: string;
  readonly crc32c: string;
  readonly md5Hash: string;
}

export interface Session {
  readonly bucket: string;
  readonly resource: ObjectResource;
}

/** A refusal as the API words it. */
export class Refusal extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** The double's objects and open sessions, as files under one directory: they outlast the process. */
export class DoubleObjects {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async createBucket(bucket: string): Promise<void> {
    await mkdir(join(this.#root, bucket), { recursive: true });
    await mkdir(join(this.#root, ".sessions"), { recursive: true });
  }

  async requireBucket(bucket: string): Promise<void> {
    const found = await stat(join(this.#root, bucket)).catch(() => undefined);
    if (found === undefined) throw new Refusal(404, "notFound", "The specified bucket does not exist.");
  }

  async find(bucket: string, name: string): Promise<StoredResource> {
    await this.requireBucket(bucket);
    const text = await readFile(`${this.dataPath(bucket, name)}.json`, "utf8").catch(() => {
      throw new Refusal(404, "notFound", `No such object: ${bucket}/${name}`);
    });
    return JSON.parse(text) as StoredResource;
  }

  dataPath(bucket: string, name: string): string {
    return join(this.#root, bucket, createHash("sha256").update(name).digest("hex"));
  }

  async list(bucket: string, prefix: string): Promise<StoredResource[]> {
    await this.requireBucket(bucket);
    const files = await readdir(join(this.#root, bucket));
    const texts = files
      .filter((file) => file.endsWith(".json"))
      .map((file) => readFile(join(this.#root, bucket, file), "utf8"));
    return (await Promise.all(texts))
      .map((text) => JSON.parse(text) as StoredResource)
      .filter(({ name }) => name.startsWith(prefix))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  async remove(bucket: string, name: string): Promise<void> {
    await this.find(bucket, name);
    await rm(`${this.dataPath(bucket, name)}.json`);
    await rm(this.dataPath(bucket, name));
  }

  /** Makes an object of a file, which is moved. Throws where it hasn't the checksum that was announced. */
  async store(bucket: string, resource: ObjectResource, file: string): Promise<StoredResource> {
    const { crc32c, md5Hash, size } = await digest(file);
    const announced = [resource.crc32c ?? crc32c, resource.md5Hash ?? md5Hash];
    if (announced[0] !== crc32c || announced[1] !== md5Hash) {
      throw new Refusal(400, "invalid", "Provided checksum doesn't match calculated checksum");
    }
    const generation = String(Date.now() * 1000);
    const etag = Buffer.from(generation).toString("base64");
    const stored: StoredResource = {
      ...resource,
      ...{ kind: "storage#object", bucket, generation, etag, size: String(size), crc32c, md5Hash },
    };
    const path = this.dataPath(bucket, resource.name);
    await rename(file, path);
    await writeFile(`${path}.json`, JSON.stringify(stored));
    return stored;
  }

  async openSession(id: string, session: Session): Promise<void> {
    await writeFile(`${this.sessionPath(id)}.json`, JSON.stringify(session));
    await (await open(this.sessionPath(id), "w")).close();
  }

  async findSession(id: string): Promise<Session & { readonly sizeBytes: number }> {
    const text = await readFile(`${this.sessionPath(id)}.json`, "utf8").catch(() => {
      throw new Refusal(404, "notFound", "No such upload session");
    });
    const { size: sizeBytes } = await stat(this.sessionPath(id));
    return { ...(JSON.parse(text) as Session), sizeBytes };
  }

  async endSession(id: string): Promise<void> {
    await rm(`${this.sessionPath(id)}.json`, { force: true });
    await rm(this.sessionPath(id), { force: true });
  }

  sessionPath(id: string): string {
    return join(this.#root, ".sessions", id);
  }

  async countSessions(): Promise<number> {
    const files = await readdir(join(this.#root, ".sessions"));
    return files.filter((file) => file.endsWith(".json")).length;
  }
}

async function digest(file: string): Promise<{ crc32c: string; md5Hash: string; size: number }> {
  const crc = (await createCRC32(0x82_f6_3b_78)).init();
  const md5 = createHash("md5");
  let size = 0;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    crc.update(chunk);
    md5.update(chunk);
    size += chunk.byteLength;
  }
  const crc32c = Buffer.from(crc.digest("binary")).toString("base64");
  return { crc32c, md5Hash: md5.digest("base64"), size };
}
