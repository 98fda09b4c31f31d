import type { Client, ClientAnswer, StreamedBody } from "./client.ts";

export interface TusOptions {
  /** Where POST creates uploads. */
  readonly path: string;
  /** Sent with every request, for instance `authorization`. Called per request: what is costly is to be kept. */
  readonly headers?: () => Promise<Record<string, string>>;
  /** Sent with the creation: `upload-metadata`, already encoded, and the like. */
  readonly creationHeaders?: Record<string, string>;
}

const BODY_TYPE = { "content-type": "application/offset+octet-stream" };

/** An answer that isn't the one expected. */
export class UnexpectedAnswer extends Error {
  readonly answer: ClientAnswer;

  constructor(answer: ClientAnswer, expected: number) {
    super(`expected ${expected}, got ${answer.status}: ${answer.text.slice(0, 500)}`);
    this.answer = answer;
  }
}

export function requireStatus(answer: ClientAnswer, expected: number): void {
  if (answer.status !== expected) throw new UnexpectedAnswer(answer, expected);
}

function requireOffset(answer: ClientAnswer, reachedBytes: number): void {
  const offset = answer.headers["upload-offset"];
  if (offset !== String(reachedBytes))
    throw new Error(`expected Upload-Offset ${reachedBytes}, got ${String(offset)}`);
}

/** tus 1.0, request by request; rejects when the server answers anything but success. */
export class TusClient {
  readonly #client: Client;
  readonly #tus: TusOptions;

  constructor(client: Client, tus: TusOptions) {
    this.#client = client;
    this.#tus = tus;
  }

  /** Returns the new upload's path. With a body, creation-with-upload: the body is to be all of the file. */
  async create(sizeBytes: number, body?: Uint8Array): Promise<string> {
    const { path, creationHeaders } = this.#tus;
    const bodyHeaders = body === undefined ? {} : BODY_TYPE;
    const headers = { ...creationHeaders, "upload-length": String(sizeBytes), ...bodyHeaders };
    const answer = await this.#client.send("POST", path, await this.#withCommon(headers), body);
    requireStatus(answer, 201);
    if (body !== undefined) requireOffset(answer, sizeBytes);
    const { location } = answer.headers;
    if (location === undefined) throw new Error("the creation was answered without Location");
    return new URL(location, "http://bench").pathname;
  }

  /** Returns the new offset. */
  async append(path: string, offsetBytes: number, body: Uint8Array | StreamedBody): Promise<number> {
    const headers = await this.#patchHeaders(offsetBytes);
    const answer = await this.#client.send("PATCH", path, headers, body);
    requireStatus(answer, 204);
    const reachedBytes = offsetBytes + body.byteLength;
    requireOffset(answer, reachedBytes);
    return reachedBytes;
  }

  /** Begins an append of `body` and is gone after `sentBytes` of it. */
  async appendAndLeave(
    path: string,
    offsetBytes: number,
    body: Uint8Array,
    sentBytes: number,
  ): Promise<void> {
    const headers = await this.#patchHeaders(offsetBytes);
    await this.#client.sendAndLeave("PATCH", path, headers, body, sentBytes);
  }

  /** Begins an append of `announcedBytes`, sends `body` of it and then nothing more. Returns what cuts it. */
  async appendAndStall(
    path: string,
    offsetBytes: number,
    body: Uint8Array,
    announcedBytes: number,
  ): Promise<() => void> {
    const headers = await this.#patchHeaders(offsetBytes);
    return this.#client.sendAndStall("PATCH", path, headers, body, announcedBytes);
  }

  async offset(path: string): Promise<number> {
    const answer = await this.#client.send("HEAD", path, await this.#withCommon({}));
    requireStatus(answer, 200);
    return Number(answer.headers["upload-offset"]);
  }

  #patchHeaders(offsetBytes: number): Promise<Record<string, string>> {
    return this.#withCommon({ ...BODY_TYPE, "upload-offset": String(offsetBytes) });
  }

  async #withCommon(headers: Record<string, string>): Promise<Record<string, string>> {
    return { ...(await this.#tus.headers?.()), "tus-resumable": "1.0.0", ...headers };
  }
}
