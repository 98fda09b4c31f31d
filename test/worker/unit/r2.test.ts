import { expect, onTestFinished, test, vi } from "vitest";
import { r2Store } from "../../../worker/storage/r2.ts";

/** Workers' own stream of a known length, without its length. */
function UncountedStream() {
  return new TransformStream<Uint8Array, Uint8Array>();
}

/** One that comes as it is, and one that comes as a stream, which nobody reads. */
test.each([1, 2])(
  "what is held for a body is let go of where the bucket refuses it at once: %i",
  async (pieces) => {
    vi.stubGlobal("FixedLengthStream", UncountedStream);
    onTestFinished(() => void vi.unstubAllGlobals());
    const bucket = {
      put() {
        throw new Error("put: It is refused. (10001)");
      },
    } as unknown as R2Bucket;
    const letGo = vi.fn<() => void>();
    const body = {
      pieces: Array.from({ length: pieces }, () => new Uint8Array(1)),
      ...{ sizeBytes: pieces, hold: () => letGo },
    };
    const storing = r2Store(bucket).put("key", body, "text/plain");
    await expect(storing).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await vi.waitFor(() => expect(letGo).toHaveBeenCalledOnce());
  },
);
