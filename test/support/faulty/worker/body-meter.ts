import { readUploadContext } from "../../../../worker/uploads/upload-context.ts";
import type { BodiesSeen } from "../faults.ts";

/** Counts what upload objects read of the bodies of PATCHes, by file id; the product reads on as if nobody counted. */
export class BodyMeter {
  readonly #seen = new Map<string, BodiesSeen>();

  get seen(): Readonly<Record<string, BodiesSeen>> {
    return Object.fromEntries(this.#seen);
  }

  reset(): void {
    this.#seen.clear();
  }

  /** To be called before the request's body is read. */
  watch(request: Request): void {
    if (request.method !== "PATCH") return;
    const { fileId } = readUploadContext(request);
    this.#add(fileId, { requests: 1, readBytes: 0 });
    if (request.body !== null) {
      countReads(request.body, (readBytes) => this.#add(fileId, { requests: 0, readBytes }));
    }
  }

  #add(fileId: string, more: BodiesSeen): void {
    const { requests, readBytes } = this.#seen.get(fileId) ?? { requests: 0, readBytes: 0 };
    this.#seen.set(fileId, {
      requests: requests + more.requests,
      readBytes: readBytes + more.readBytes,
    });
  }
}

/** The stream itself stays: one that it was piped through would have other buffers, and end otherwise. */
function countReads(body: ReadableStream<unknown>, count: (bytes: number) => void): void {
  const getReader = body.getReader.bind(body);
  Object.assign(body, {
    getReader(options: ReadableStreamGetReaderOptions) {
      const reader = getReader(options);
      const read = reader.read.bind(reader);
      Object.assign(reader, {
        async read(view: Uint8Array) {
          const result = await read(view);
          count(result.value?.byteLength ?? 0);
          return result;
        },
      });
      return reader;
    },
  });
}
