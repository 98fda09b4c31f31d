import { describe, expect, test } from "vitest";
import { MINIMUM_CHARGE_BYTES } from "#contract/charges.ts";
import { append, createUpload, headOffset, newCaller } from "../support/api.ts";
import { uploadPartial } from "../support/concatenation.ts";
import { quotaOf } from "../support/quota.ts";
import { terminate, useSmallQuota } from "../support/small-quota.ts";

const { stack, makeDue } = useSmallQuota();

describe("the minutely sweep", () => {
  test("asks an upload's object, and leaves what is there", async () => {
    const caller = await newCaller({ stack });
    const begun = await createUpload(caller, 5_000);
    const partial = await uploadPartial(caller, "abc");
    await append(caller, begun, 0, "abc");
    await makeDue(caller);
    await stack.runScheduled();
    expect(await quotaOf(caller)).toMatchObject({ usedBytes: 5_000 + MINIMUM_CHARGE_BYTES, fileCount: 1 });
    const due = "SELECT count(*) AS due FROM quota_reservations WHERE tenant_id = ? AND check_at_ms = 0";
    expect(await stack.query(due, caller.tenantId)).toEqual([{ due: 0 }]);
    expect(await headOffset(caller, begun)).toBe(3);
    expect((await terminate(caller, partial)).status).toBe(204);
  });

  test("releases what never got an object, which leaves no trace of having been asked", async () => {
    const caller = await newCaller({ stack });
    const location = await createUpload(caller, 5_000);
    const lostId = "0".repeat(26);
    await stack.query(
      `INSERT INTO quota_reservations (tenant_id, file_id, version, reserved_bytes, created_at_ms, check_at_ms) SELECT tenant_id, ?, version, reserved_bytes, created_at_ms, 0
        FROM quota_reservations WHERE tenant_id = ?`,
      ...[lostId, caller.tenantId],
    );
    expect((await quotaOf(caller)).usedBytes).toBe(10_000);
    const objectsBefore = stack.countUploadObjects();
    await stack.runScheduled();
    expect(await quotaOf(caller)).toMatchObject({ usedBytes: 5_000, fileCount: 1 });
    expect(stack.countUploadObjects()).toBe(objectsBefore);
    expect(await headOffset(caller, location)).toBe(0);
  });
});
