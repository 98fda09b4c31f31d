import {
  createUploader,
  memoryStorage,
  type SessionOptions,
  type Upload,
  type Uploader,
  type UploaderOptions,
} from "../../../client/index.ts";
import type { TusEndpoint } from "./tus-endpoint.ts";

export const KIB = 1024;

export function makeFile(sizeBytes: number, name = "contract.pdf"): File {
  const bytes = Uint8Array.from({ length: sizeBytes }, (_, index) => (index * 31 + (index >> 8)) % 251);
  return new File([bytes], name, { type: "application/pdf", lastModified: 1_700_000_000_000 });
}

/** An uploader against the endpoint with small chunks and quick retries. */
export function makeUploader(
  endpoint: TusEndpoint,
  options: Partial<Extract<UploaderOptions, SessionOptions>> = {},
): Uploader {
  return createUploader({
    endpoint: endpoint.url,
    getToken: () => "token",
    tenantId: "acme",
    userId: "ann",
    storage: memoryStorage(),
    chunkSizeBytes: 64 * KIB,
    retryBaseMs: 10,
    checkRules: false,
    ...options,
  });
}

/** Resolves when the upload is in one of these states. */
export function reached(upload: Upload, ...kinds: Upload["state"]["kind"][]): Promise<Upload["state"]> {
  return new Promise((resolve) => {
    const look = () => {
      if (!kinds.includes(upload.state.kind)) return;
      stop();
      resolve(upload.state);
    };
    const stop = upload.subscribe(look);
    look();
  });
}

/** Every state the upload goes through from now on, without repetitions. */
export function trace(upload: Upload): string[] {
  const kinds: string[] = [];
  upload.subscribe(({ state }) => {
    if (kinds.at(-1) !== state.kind) kinds.push(state.kind);
  });
  return kinds;
}

export async function contentOf(file: File): Promise<Buffer> {
  return Buffer.from(await file.arrayBuffer());
}
