import type { TNode } from "txml/txml";
import { S3Client } from "../../worker/storage/s3/client.ts";
import type { S3Request } from "../../worker/storage/s3/client.ts";
import { amzHeadersOf } from "../../worker/storage/s3/object-headers.ts";
import { parseXml, textOf } from "../../worker/storage/s3/xml.ts";
import type { S3Config } from "../../worker/storage/store-config.ts";

/**
 * What a check comes to. `works around`: the store is otherwise than Amazon's, and the product doesn't mind. `don't use`:
 * the product would lose something, or show it.
 */
export type Level = "fine" | "works around" | "don't use";

export interface Finding {
  readonly level: Level;
  /** What was seen, in a few words. */
  readonly seen: string;
}

export interface Check {
  readonly name: string;
  run(bucket: TestedBucket): Promise<Finding>;
}

export const fine = (seen: string): Finding => ({ level: "fine", seen });
export const workedAround = (seen: string): Finding => ({ level: "works around", seen });
export const unusable = (seen: string): Finding => ({ level: "don't use", seen });

/** As `fine` where it is so, and otherwise as it is given. */
export function fineIf(isSo: boolean, seen: string, otherwise = unusable): Finding {
  return isSo ? fine(seen) : otherwise(seen);
}

const DEADLINE_MS = 60_000;

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  /** S3's code where it is a refusal, also one in a 200. */
  readonly code: string;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  readonly root: TNode | undefined;
}

/** The bucket that is tried, by the very client that the worker has. */
export class TestedBucket {
  readonly config: S3Config;
  /** What all keys of this run begin with. */
  readonly prefix: string;
  readonly #client: S3Client;
  #made = 0;

  constructor(config: S3Config, prefix: string) {
    this.config = config;
    this.prefix = prefix;
    this.#client = new S3Client(config);
  }

  newKey(): string {
    this.#made += 1;
    return `${this.prefix}${this.#made}`;
  }

  async ask(request: S3Request, client = this.#client): Promise<Answer> {
    // What the worker says of every object that it makes is a part of what the store has to allow.
    const said = makesObject(request) ? amzHeadersOf(this.config.object) : {};
    const amzHeaders = { ...said, ...request.amzHeaders };
    const answer = await client.send({ ...request, amzHeaders }, AbortSignal.timeout(DEADLINE_MS));
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const isObject = request.method === "GET" && request.key !== undefined && request.query === undefined;
    const root = isObject && answer.ok ? undefined : read(bytes);
    const code = root?.tagName === "Error" ? (textOf(root, "Code") ?? "") : "";
    return { status: answer.status, code, headers: answer.headers, bytes, root };
  }

  /** Stores an object, and returns its etag, with its quotes. Throws where it isn't stored. */
  async put(key: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
    const answer = await this.ask({ method: "PUT", key, headers, body: toBytes(body) });
    return requireEtag(answer, "PutObject");
  }

  async begin(key = this.newKey()): Promise<{ readonly key: string; readonly uploadId: string }> {
    const { root } = requireOk(
      await this.ask({ method: "POST", key, query: { uploads: "" } }),
      "CreateMultipartUpload",
    );
    return { key, uploadId: (root && textOf(root, "UploadId")) ?? "" };
  }
}

function makesObject({ method, key, query }: S3Request): boolean {
  if (key === undefined) return false;
  return query === undefined ? method === "PUT" : "uploads" in query;
}

function read(bytes: Uint8Array): TNode | undefined {
  return parseXml(new TextDecoder().decode(bytes));
}

export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** How an answer is told in the table: `404 NoSuchKey`. */
export function told({ status, code }: Answer): string {
  return `${status} ${code}`.trim();
}

export function requireOk(answer: Answer, operation: string): Answer {
  if (answer.status >= 200 && answer.status < 300 && answer.code === "") return answer;
  throw new Error(`${operation}: ${told(answer)}`);
}

export function requireEtag(answer: Answer, operation: string): string {
  const etag = requireOk(answer, operation).headers.get("ETag");
  if (etag === null) throw new Error(`${operation}: no etag`);
  return etag;
}
