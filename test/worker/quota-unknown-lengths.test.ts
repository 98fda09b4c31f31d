import { describe, expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import {
  append,
  createUpload,
  creationHeaders,
  fileIdOf,
  metadataHeader,
  newCaller,
  readProblem,
} from "../support/api.ts";
import { appendAt, begin, create, expectRefused, finishAt, statusOf } from "../support/ietf.ts";
import { quotaOf } from "../support/quota.ts";
import { QUOTA_BYTES, terminate, useSmallQuota } from "../support/small-quota.ts";
import type { HeaderChange } from "../support/tus.ts";
import {
  changed,
  expectRefusal,
  headOf,
  listedFiles,
  locationOf,
  patch,
  postUpload,
  textOf,
} from "../support/tus.ts";

const { stack } = useSmallQuota();

function createDeferred(caller: Caller, change: HeaderChange = {}): Promise<string> {
  const deferred = { "upload-length": undefined, "upload-defer-length": "1", ...change };
  return locationOf(postUpload(caller, changed(creationHeaders(0), deferred)));
}

describe("an upload whose length isn't known", () => {
  test("is refused what there is no room for, keeps what it has, and goes on when there is room", async () => {
    const caller = await newCaller({ stack });
    const other = await createUpload(caller, QUOTA_BYTES - 4_500);
    const location = await createDeferred(caller);
    expect(await quotaOf(caller)).toMatchObject({ availableBytes: 0, usedBytes: QUOTA_BYTES });
    const bytes = textOf(9_000);
    expect((await append(caller, location, 0, bytes.subarray(0, 3_000))).status).toBe(204);
    const refused = await append(caller, location, 3_000, bytes.subarray(3_000));
    expect(refused.headers.get("upload-offset")).toBe("3000");
    expect(await readProblem(refused)).toMatchObject({ code: "QUOTA_EXCEEDED", availableBytes: 0 });
    expect(await headOf(caller, location)).toMatchObject({
      "upload-offset": "3000",
      "upload-defer-length": "1",
    });
    expect((await terminate(caller, other)).status).toBe(204);
    expect((await append(caller, location, 3_000, bytes.subarray(3_000, 8_000))).status).toBe(204);
    expect(
      (await patch(caller, location, 8_000, bytes.subarray(8_000), { "upload-length": "9000" })).status,
    ).toBe(204);
    expect(await quotaOf(caller)).toMatchObject({
      usedBytes: 9_000,
      reservedBytes: 0,
      filesBytes: 9_000,
      fileCount: 1,
    });
  });

  test("reserves exactly what it is told to be, and a length that doesn't fit isn't settled", async () => {
    const caller = await newCaller({ stack });
    const location = await createDeferred(caller);
    const tooLong = await patch(caller, location, 0, "abc", { "upload-length": String(QUOTA_BYTES + 1) });
    await expectRefusal(tooLong, 403, "QUOTA_EXCEEDED");
    expect(await headOf(caller, location)).toMatchObject({
      "upload-offset": "0",
      "upload-defer-length": "1",
    });
    expect((await patch(caller, location, 0, "abc", { "upload-length": "5000" })).status).toBe(204);
    expect(await quotaOf(caller)).toMatchObject({ usedBytes: 5_000, reservedBytes: 5_000 });
    expect(await headOf(caller, location)).toMatchObject({ "upload-offset": "3", "upload-length": "5000" });
  });

  test("by the IETF's protocol is refused with ?0, and goes on when there is room", async () => {
    const caller = await newCaller({ stack });
    const other = await createUpload(caller, QUOTA_BYTES - 4_500);
    const location = await begin(caller, {}, textOf(3_000));
    const refused = await appendAt(caller, location, 3_000, textOf(2_000));
    await expectRefused(refused, { status: 403, code: "QUOTA_EXCEEDED", complete: "?0" });
    expect(refused.headers.get("upload-offset")).toBe("3000");
    expect(await statusOf(caller, location)).toEqual({ offset: "3000", complete: "?0", length: null });
    await terminate(caller, other);
    expect((await finishAt(caller, location, 3_000, textOf(2_000))).status).toBe(201);
    expect(await quotaOf(caller)).toMatchObject({ usedBytes: 5_000, reservedBytes: 0 });
  });

  test("reserves a step more as it grows past one", async () => {
    const caller = await newCaller();
    const step = 64 * 1024 * 1024;
    const location = await createDeferred(caller, {
      "upload-metadata": metadataHeader({ filename: "a.txt" }),
    });
    expect((await quotaOf(caller)).reservedBytes).toBe(step);
    const bytes = Buffer.alloc(step, "a");
    expect((await append(caller, location, 0, bytes)).status).toBe(204);
    expect((await quotaOf(caller)).reservedBytes).toBe(step);
    expect((await append(caller, location, step, "b")).status).toBe(204);
    // No more than the class of files allows.
    expect((await quotaOf(caller)).reservedBytes).toBe(100 * 1024 * 1024);
    expect(
      (await patch(caller, location, step + 1, null, { "upload-length": String(step + 1) })).status,
    ).toBe(204);
    expect(await quotaOf(caller)).toMatchObject({ reservedBytes: 0, usedBytes: step + 1 });
  });

  test("that finds no room at all isn't created, by either protocol", async () => {
    const caller = await newCaller({ stack });
    const other = await createUpload(caller, QUOTA_BYTES);
    const headers = changed(creationHeaders(0), { "upload-length": undefined, "upload-defer-length": "1" });
    await expectRefusal(await postUpload(caller, headers), 403, "QUOTA_EXCEEDED");
    await expectRefused(await create(caller), { status: 403, code: "QUOTA_EXCEEDED", complete: "?0" });
    expect(await listedFiles(caller)).toEqual([fileIdOf(other)]);
  });
});
