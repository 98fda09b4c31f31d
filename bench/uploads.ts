import type { Client, StreamedBody } from "./client.ts";
import type { Interruptions } from "./interruptions.ts";
import type { TusOptions } from "./tus-client.ts";
import { requireStatus, TusClient } from "./tus-client.ts";

/** Sends one whole file; rejects when the server answers anything but success. */
export type Upload = () => Promise<void>;

/**
 * `patchBytes` is `Infinity` for the whole file in one request. With `interruptions`, an upload that is put off or cut
 * asks where it is and goes on, as clients do, and counts that; without, it rejects.
 */
export type MakeUpload = (
  client: Client,
  sizeBytes: number,
  patchBytes: number,
  interruptions?: Interruptions,
) => Upload;

/** As an MP4 file begins, for what is uploaded is declared to be one and is looked at. */
const BEGINNING = Buffer.from("\0\0\0\x18ftypisom\0\0\x02\0isomiso2", "latin1");
/** What streamed bodies are made of. */
const CHUNK_BYTES = 1024 * 1024;

export function makeBody(sizeBytes: number): Buffer {
  const body = Buffer.alloc(sizeBytes, "causeway");
  BEGINNING.copy(body);
  return body;
}

function* repeatChunk(sizeBytes: number, onSent: (sentBytes: number) => void): Generator<Uint8Array> {
  const chunk = makeBody(Math.min(CHUNK_BYTES, sizeBytes));
  for (let sent = 0; sent < sizeBytes; sent += chunk.byteLength) {
    onSent(sent);
    yield chunk.subarray(0, sizeBytes - sent);
  }
}

/** A body that is never in memory; `onSent` is told how far it has got. */
export function streamBody(sizeBytes: number, onSent: (sentBytes: number) => void): StreamedBody {
  return { byteLength: sizeBytes, chunks: repeatChunk(sizeBytes, onSent) };
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

/** tus 1.0: a creation, then PATCHes one after the other. */
export function makeTusUpload(tus: TusOptions): MakeUpload {
  return (client, sizeBytes, patchBytes, interruptions) => {
    const tusClient = new TusClient(client, tus);
    const body = makeBody(Math.min(patchBytes, sizeBytes));
    const resume = async (path: string, error: unknown): Promise<number> => {
      if (interruptions === undefined) throw error;
      await interruptions.sitOut(error);
      return tusClient.offset(path);
    };
    return async () => {
      const path = await tusClient.create(sizeBytes);
      for (let offset = 0; offset < sizeBytes;) {
        const appended = tusClient.append(path, offset, body.subarray(0, sizeBytes - offset));
        offset = await appended.catch((error: unknown) => resume(path, error));
      }
    };
  };
}

/** tus 1.0, creation-with-upload: the whole file in the creation, whatever `patchBytes` says. */
export function makeTusCreation(tus: TusOptions): MakeUpload {
  return (client, sizeBytes) => {
    const tusClient = new TusClient(client, tus);
    const body = makeBody(sizeBytes);
    return async () => {
      await tusClient.create(sizeBytes, body);
    };
  };
}
