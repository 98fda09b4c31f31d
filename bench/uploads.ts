import type { Client, ClientAnswer } from "./client.ts";

/** Sends one whole file; rejects when the server answers anything but success. */
export type Upload = () => Promise<void>;

/** `patchBytes` is `Infinity` for the whole file in one request. */
export type MakeUpload = (client: Client, sizeBytes: number, patchBytes: number) => Upload;

function requireStatus(answer: ClientAnswer, expected: number): void {
  if (answer.status === expected) return;
  throw new Error(`expected ${expected}, got ${answer.status}: ${answer.text.slice(0, 500)}`);
}

/** As an MP4 file begins, for what is uploaded is declared to be one and is looked at. */
const BEGINNING = Buffer.from("\0\0\0\x18ftypisom\0\0\x02\0isomiso2", "latin1");

function makeBody(sizeBytes: number): Buffer {
  const body = Buffer.alloc(sizeBytes, "causeway");
  BEGINNING.copy(body);
  return body;
}

/** One PUT of the whole file, whatever `patchBytes` says: what the floors take. */
export const makePutUpload: MakeUpload = (client, sizeBytes) => {
  const body = makeBody(sizeBytes);
  return async () => {
    const answer = await client.send("PUT", "/", {}, body);
    requireStatus(answer, 200);
    const { size } = JSON.parse(answer.text) as { size: number };
    if (size !== sizeBytes) throw new Error(`sent ${sizeBytes} bytes, the server stored ${size}`);
  };
};

export interface TusOptions {
  /** Where POST creates uploads. */
  readonly path: string;
  /** Sent with every request, for instance `authorization`. Called per upload, so that it may mint a token. */
  readonly headers?: () => Promise<Record<string, string>>;
  /** The `Upload-Metadata` of the creation, already encoded. */
  readonly metadata?: string;
}

const BODY_TYPE = { "content-type": "application/offset+octet-stream" };

async function commonHeaders(tus: TusOptions): Promise<Record<string, string>> {
  return { ...(await tus.headers?.()), "tus-resumable": "1.0.0" };
}

function creationHeaders(tus: TusOptions, sizeBytes: number): Record<string, string> {
  const metadata: Record<string, string> =
    tus.metadata === undefined ? {} : { "upload-metadata": tus.metadata };
  return { ...metadata, "upload-length": String(sizeBytes) };
}

function requireOffset(answer: ClientAnswer, reachedBytes: number): void {
  const offset = answer.headers["upload-offset"];
  if (offset !== String(reachedBytes))
    throw new Error(`expected Upload-Offset ${reachedBytes}, got ${offset}`);
}

async function createUpload(
  client: Client,
  tus: TusOptions,
  sizeBytes: number,
  headers: Record<string, string>,
) {
  const answer = await client.send("POST", tus.path, { ...headers, ...creationHeaders(tus, sizeBytes) });
  requireStatus(answer, 201);
  const location = answer.headers.location;
  if (location === undefined) throw new Error("the creation was answered without Location");
  return new URL(location, "http://bench").pathname;
}

async function sendPatch(
  client: Client,
  path: string,
  headers: Record<string, string>,
  offset: number,
  body: Buffer,
) {
  const patchHeaders = { ...headers, ...BODY_TYPE, "upload-offset": String(offset) };
  const answer = await client.send("PATCH", path, patchHeaders, body);
  requireStatus(answer, 204);
  requireOffset(answer, offset + body.byteLength);
}

/** tus 1.0: a creation, then PATCHes one after the other. */
export function makeTusUpload(tus: TusOptions): MakeUpload {
  return (client, sizeBytes, patchBytes) => {
    const body = makeBody(Math.min(patchBytes, sizeBytes));
    return async () => {
      const headers = await commonHeaders(tus);
      const path = await createUpload(client, tus, sizeBytes, headers);
      for (let offset = 0; offset < sizeBytes; offset += body.byteLength) {
        await sendPatch(client, path, headers, offset, body.subarray(0, sizeBytes - offset));
      }
    };
  };
}

/** tus 1.0, creation-with-upload: the whole file in the creation, whatever `patchBytes` says. */
export function makeTusCreation(tus: TusOptions): MakeUpload {
  return (client, sizeBytes) => {
    const body = makeBody(sizeBytes);
    return async () => {
      const headers = { ...(await commonHeaders(tus)), ...creationHeaders(tus, sizeBytes), ...BODY_TYPE };
      const answer = await client.send("POST", tus.path, headers, body);
      requireStatus(answer, 201);
      requireOffset(answer, sizeBytes);
    };
  };
}
