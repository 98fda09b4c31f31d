import { keyHeader } from "./api/idempotency.ts";
import type { Answer } from "./request.ts";
import type { Send } from "./transport.ts";
import type { UploadMeta } from "./types.ts";

/**
 * tus 1.0 as far as this client needs it: creation, HEAD, PATCH and termination. Every function throws `UnexpectedAnswer`
 * for an answer that isn't the one it asked for, and what `send` throws.
 */

/** An answer that the protocol hasn't for this request, or a refusal. */
export class UnexpectedAnswer extends Error {
  readonly method: string;
  readonly answer: Answer;

  constructor(method: string, answer: Answer) {
    super(`${method} answered ${answer.status}`);
    this.method = method;
    this.answer = answer;
  }
}

/** How far the server is with an upload. */
export interface Standing {
  readonly offsetBytes: number;
  /** Undefined where the server doesn't say. */
  readonly lengthBytes: number | undefined;
  /** The longest body of one request that it announces. */
  readonly maxAppendBytes: number | undefined;
}

const TUS = { "Tus-Resumable": "1.0.0" } as const;
const APPEND = { ...TUS, "Content-Type": "application/offset+octet-stream" } as const;

/** Base64 of the text's UTF-8. */
function encode(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/** `Upload-Metadata` of a file (architecture §9). */
export function formatMetadata(file: File, meta: UploadMeta): string {
  const pairs = {
    filename: file.name,
    filetype: file.type,
    entityType: meta.entityType,
    entityId: meta.entityId,
    tags: meta.tags?.join(","),
    replaces: meta.replaces,
    // As Uppy names it.
    relativePath: meta.folder && `${meta.folder}/${file.name}`,
  };
  return Object.entries(pairs)
    .flatMap(([key, value]) => (value ? [`${key} ${encode(value)}`] : []))
    .join(",");
}

function parseBytes(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}

function isOk({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

/** `Upload-Limit` (Resumable Uploads for HTTP): a dictionary of integers. */
function parseMaxAppend(answer: Answer): number | undefined {
  return parseBytes(/(?:^|[,\s])max-append-size=(\d+)/.exec(answer.header("Upload-Limit") ?? "")?.[1]);
}

function parseStanding(method: string, answer: Answer): Standing {
  const offsetBytes = parseBytes(answer.header("Upload-Offset"));
  if (!isOk(answer) || offsetBytes === undefined) throw new UnexpectedAnswer(method, answer);
  return {
    offsetBytes,
    lengthBytes: parseBytes(answer.header("Upload-Length")),
    maxAppendBytes: parseMaxAppend(answer),
  };
}

/**
 * Makes an upload, without content: with some, a lost answer would leave a finished file behind.
 * @param idempotencyKey by which the same creation, sent again, comes to the same upload
 */
export async function createUpload(
  send: Send,
  endpoint: string,
  file: File,
  meta: UploadMeta,
  idempotencyKey: string,
): Promise<{ readonly url: string } & Standing> {
  const headers = {
    ...TUS,
    ...keyHeader({ idempotencyKey }),
    "Upload-Length": String(file.size),
    "Upload-Metadata": formatMetadata(file, meta),
  };
  const answer = await send({ method: "POST", url: endpoint, headers });
  const location = answer.header("Location");
  if (!isOk(answer) || location === undefined) throw new UnexpectedAnswer("POST", answer);
  return {
    url: new URL(location, answer.url || endpoint).href,
    // One that is sent again by the same grant tells how far its upload is; by a key, how far it was.
    offsetBytes: parseBytes(answer.header("Upload-Offset")) ?? 0,
    lengthBytes: file.size,
    maxAppendBytes: parseMaxAppend(answer),
  };
}

/** Whether it is the server that says so: a page of something in between isn't tus. */
export function isGone(answer: Answer): boolean {
  const { status } = answer;
  return (status === 404 || status === 410) && answer.header("Tus-Resumable") === TUS["Tus-Resumable"];
}

/** Undefined where the server doesn't have the upload any more. */
export async function findStanding(send: Send, url: string): Promise<Standing | undefined> {
  const answer = await send({ method: "HEAD", url, headers: TUS });
  if (isGone(answer)) return undefined;
  return parseStanding("HEAD", answer);
}

export async function append(
  send: Send,
  url: string,
  offsetBytes: number,
  body: Blob,
  onSent: (bytes: number) => void,
): Promise<Standing> {
  const headers = { ...APPEND, "Upload-Offset": String(offsetBytes) };
  return parseStanding("PATCH", await send({ method: "PATCH", url, headers, body }, onSent));
}

/** Deletes what the server has. Resolves also when that is nothing any more. */
export async function terminate(send: Send, url: string): Promise<void> {
  const answer = await send({ method: "DELETE", url, headers: TUS });
  if (!isOk(answer) && answer.status !== 404 && answer.status !== 410)
    throw new UnexpectedAnswer("DELETE", answer);
}
