import { describe, expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { fileIdOf, metadataHeader, newCaller } from "../support/api.ts";
import { postFinal as postNamedFinal, uploadPartial } from "../support/concatenation.ts";
import { quotaOf } from "../support/quota.ts";
import { QUOTA_BYTES, terminate, useSmallQuota } from "../support/small-quota.ts";
import { expectRefusal, textOf } from "../support/tus.ts";

const { stack, makeDue } = useSmallQuota();

function postFinal(caller: Caller, locations: readonly string[], filename = "notes.txt"): Promise<Response> {
  return postNamedFinal(caller, locations, { "upload-metadata": metadataHeader({ filename }) });
}

/** What a worker leaves that died between the batch of a final upload's creation and the call of its object. */
async function insertLostFinal(caller: Caller, partials: readonly string[]): Promise<void> {
  const { tenantId } = caller;
  const lostId = "0".repeat(26);
  await stack.query(
    "INSERT INTO quota_reservations (tenant_id, file_id, version, reserved_bytes, created_at_ms, check_at_ms) VALUES (?, ?, 1, 0, 0, 0)",
    tenantId,
    lostId,
  );
  for (const partial of partials) {
    await stack.query(
      "UPDATE quota_reservations SET final_id = ?, final_version = 1 WHERE tenant_id = ? AND file_id = ?",
      ...[lostId, tenantId, fileIdOf(partial)],
    );
  }
}

describe("tus 82: partials and their final count once", () => {
  test("while they are joined, and when they are", async () => {
    const caller = await newCaller({ stack });
    const half = Math.floor(QUOTA_BYTES / 2);
    const partials = [
      await uploadPartial(caller, textOf(half).toString()),
      await uploadPartial(caller, textOf(half).toString()),
    ];
    expect(await quotaOf(caller)).toMatchObject({ usedBytes: 2 * half, fileCount: 0 });
    expect((await postFinal(caller, partials)).status).toBe(201);
    await expect.poll(async () => (await quotaOf(caller)).filesBytes).toBe(2 * half);
    expect(await quotaOf(caller)).toMatchObject({ usedBytes: 2 * half, reservedBytes: 0, fileCount: 1 });
    // Their bytes are the final's now, and theirs are gone.
    await expectRefusal(await postFinal(caller, partials, "other.txt"), 400, "UPLOAD_CONCAT_INVALID");
    for (const partial of partials) expect((await terminate(caller, partial)).status).toBe(204);
    expect((await quotaOf(caller)).usedBytes).toBe(2 * half);
    expect(await stack.objectKeys(`t/${caller.tenantId}/`)).toHaveLength(1);
  });

  test("a partial that is twice in a final needs room for that", async () => {
    const caller = await newCaller({ stack });
    const half = Math.floor(QUOTA_BYTES / 2);
    const partial = await uploadPartial(caller, textOf(half).toString());
    await expectRefusal(await postFinal(caller, [partial, partial, partial]), 403, "QUOTA_EXCEEDED");
    expect((await postFinal(caller, [partial, partial])).status).toBe(201);
    expect(await quotaOf(caller)).toMatchObject({ usedBytes: 2 * half, filesBytes: 2 * half });
  });

  test("partials whose final never got an object keep what is theirs, and can be joined", async () => {
    const caller = await newCaller({ stack });
    const partials = [
      await uploadPartial(caller, "abc".repeat(2_000)),
      await uploadPartial(caller, "defg".repeat(2_000)),
    ];
    await insertLostFinal(caller, partials);
    await expectRefusal(await postFinal(caller, partials), 400, "UPLOAD_CONCAT_INVALID");
    await makeDue(caller);
    await stack.runScheduled();
    expect(await quotaOf(caller)).toMatchObject({ usedBytes: 14_000, reservedBytes: 14_000, fileCount: 0 });
    expect((await postFinal(caller, partials)).status).toBe(201);
    expect(await quotaOf(caller)).toMatchObject({ usedBytes: 14_000, filesBytes: 14_000, fileCount: 1 });
  });

  test("a final that is refused gives its partials back what was reserved", async () => {
    const caller = await newCaller({ stack });
    const partial = await uploadPartial(caller, textOf(QUOTA_BYTES).toString());
    await expectRefusal(await postFinal(caller, [partial], "a.png"), 415, "FILE_TYPE_MISMATCH");
    expect(await quotaOf(caller)).toMatchObject({ usedBytes: QUOTA_BYTES, fileCount: 0 });
    await expectRefusal(await postFinal(caller, [partial, partial]), 403, "QUOTA_EXCEEDED");
    expect((await postFinal(caller, [partial])).status).toBe(201);
    expect(await quotaOf(caller)).toMatchObject({ usedBytes: QUOTA_BYTES, fileCount: 1 });
  });
});
