import { expect, onTestFinished, test, vi } from "vitest";
import { r2Store } from "../../../worker/storage/r2.ts";

test("removes more than the bucket takes with one call", async () => {
  const removed: string[] = [];
  const bucket = {
    async delete(keys: string[]) {
      if (keys.length > 1_000) throw new Error("delete: It takes 1000 keys at most. (10026)");
      removed.push(...keys);
    },
  } as unknown as R2Bucket;
  const keys = Array.from({ length: 1_002 }, (_, index) => `page-${index}`);
  await r2Store(bucket).remove(keys);
  expect(removed).toEqual(keys);
});

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
