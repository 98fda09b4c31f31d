import { expect, test, vi } from "vitest";
import { r2Store } from "../../../worker/storage/r2.ts";

test("what is held for a body is let go of where the bucket refuses it at once", async () => {
  const bucket = {
    put() {
      throw new Error("put: It is refused. (10001)");
    },
  } as unknown as R2Bucket;
  const letGo = vi.fn<() => void>();
  const body = { pieces: [new Uint8Array(1)], sizeBytes: 1, hold: () => letGo };
  const storing = r2Store(bucket).put("key", body, "text/plain");
  await expect(storing).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  await vi.waitFor(() => expect(letGo).toHaveBeenCalledOnce());
});
