import * as tus4 from "tus-js-client";
import * as tus5 from "tus-js-client-5";
import { onTestFinished } from "vitest";
import { sharedStack } from "./api.ts";
import type { CuttingProxy } from "./cutting-proxy.ts";
import { startCuttingProxy } from "./cutting-proxy.ts";

/** What both versions of the client take. */
export interface ClientOptions {
  readonly endpoint: string;
  readonly headers: Record<string, string>;
  readonly metadata: Record<string, string>;
  readonly protocol?: "tus-v1" | "ietf-draft-05";
  readonly chunkSize?: number;
  readonly retryDelays: number[];
  readonly uploadDataDuringCreation?: boolean;
}

interface Ends {
  onSuccess(): void;
  onError(error: Error): void;
}

/** What is used of an upload of either version. */
export interface ClientUpload {
  readonly url: string | null;
  start(): void;
  abort(shouldTerminate: boolean): Promise<void>;
}

export type MakeUpload = (source: Buffer, options: ClientOptions & Ends) => ClientUpload;

/** tus-js-client as people have it, and as it will be. */
export const TUS_CLIENTS: readonly (readonly [version: string, make: MakeUpload])[] = [
  // Its types know browsers' sources only.
  ["4.3.1", (source, options) => new tus4.Upload(source as never, options)],
  ["5.0.0-pre2", (source, options) => new tus5.Upload(source, options)],
];

/** Uploads to the end; resolves with the upload when it is told that it was a success. */
export function uploadBy(make: MakeUpload, source: Buffer, options: ClientOptions): Promise<ClientUpload> {
  return new Promise((resolve, reject) => {
    const upload = make(source, { ...options, onError: reject, onSuccess: () => resolve(upload) });
    upload.start();
  });
}

/** Options as the client's documentation shows them; it tries again at once, so that tests don't wait. */
export function clientOptions(
  token: string,
  metadata: Record<string, string>,
  stackUrl: string = sharedStack().url,
): ClientOptions {
  return {
    endpoint: new URL("/v1/uploads", stackUrl).href,
    headers: { Authorization: `Bearer ${token}` },
    metadata,
    retryDelays: [0, 0, 0, 0, 0],
  };
}

/** A proxy before the shared stack that cuts and loses as it is told, until the test is over. */
export async function cuttingProxy(
  cutAfterBytes: readonly number[],
  lostAnswers?: number,
): Promise<CuttingProxy> {
  const proxy = await startCuttingProxy(new URL(sharedStack().url), cutAfterBytes, lostAnswers);
  onTestFinished(() => proxy.close());
  return proxy;
}
