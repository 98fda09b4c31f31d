import { describe, expect, test } from "vitest";
import { MINIMUM_CHARGE_BYTES } from "#contract/quota.ts";
import type { Caller } from "../support/api.ts";
import {
  append,
  createUpload,
  creationHeaders,
  fileIdOf,
  headOffset,
  metadataHeader,
  newCaller,
  readProblem,
  TUS,
  uploadFile,
  waitForVerdict,
} from "../support/api.ts";
import { appendAt, begin, create, expectRefused, finishAt, statusOf } from "../support/ietf.ts";
import { quotaOf } from "../support/quota.ts";
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
import { useWorkerAlone } from "../support/worker-alone.ts";

const KIB = 1024;
const QUOTA_BYTES = 10_999 * KIB;

const stack = useWorkerAlone({ DEFAULT_QUOTA_BYTES: String(QUOTA_BYTES), TENANT_CACHE_SECONDS: "0" });

const terminate = (caller: Caller, location: string) =>
  caller.fetch(location, { method: "DELETE", headers: TUS });

function createDeferred(caller: Caller, change: HeaderChange = {}): Promise<string> {
  const deferred = { "upload-length": undefined, "upload-defer-length": "1", ...change };
  return locationOf(postUpload(caller, changed(creationHeaders(0), deferred)));
}

async function uploadPartial(caller: Caller, text: string): Promise<string> {
  const partial = { "upload-concat": "partial", "upload-metadata": undefined };
  const location = await locationOf(postUpload(caller, changed(creationHeaders(text.length), partial)));
  expect((await append(caller, location, 0, text)).status).toBe(204);
  return location;
}

function postFinal(caller: Caller, locations: readonly string[], filename = "notes.txt"): Promise<Response> {
  const concat = `final;${locations.join(" ")}`;
  return postUpload(caller, {
    ...TUS,
    "upload-concat": concat,
    "upload-metadata": metadataHeader({ filename }),
  });
}

/** When the sweep asks what a tenant's uploads need. */
const makeDue = (caller: Caller) =>
  stack.query("UPDATE quota_reservations SET check_at_ms = 0 WHERE tenant_id = ?", caller.tenantId);

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

test("of a thousand creations at once, exactly as many are admitted as fit", async () => {
  const caller = await newCaller({ stack });
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, () => postUpload(caller, creationHeaders(1_000 * KIB))),
  );
  const admitted = answers.filter(({ status }) => status === 201);
  expect(admitted).toHaveLength(10);
  for (const answer of answers) if (answer.status !== 201) await expectRefusal(answer, 403, "QUOTA_EXCEEDED");
  expect(await quotaOf(caller)).toMatchObject({
    usedBytes: 10_000 * KIB,
    availableBytes: 999 * KIB,
    fileCount: 10,
  });
  expect(await listedFiles(caller)).toHaveLength(10);
});

test("a quota is told in all of its parts", async () => {
  const caller = await newCaller();
  const fileId = await uploadFile(caller, textOf(5 * KIB));
  await waitForVerdict(caller, fileId);
  await createUpload(caller, 10 * KIB);
  const quotaBytes = 100 * 1024 ** 3;
  const expected = {
    ...{ quotaBytes, usedBytes: 15 * KIB, reservedBytes: 10 * KIB, availableBytes: quotaBytes - 15 * KIB },
    ...{
      filesBytes: 5 * KIB,
      openUploads: 1,
      versionsBytes: 0,
      trashBytes: 0,
      derivativesBytes: 0,
      fileCount: 2,
      level: "ok",
      warningThreshold: 80,
    },
  };
  expect(await quotaOf(caller)).toEqual(expected);
  await caller.fetch(`/v1/files/${fileId}`, { method: "DELETE" });
  expect(await quotaOf(caller)).toEqual({ ...expected, filesBytes: 0, trashBytes: 5 * KIB });
  expect(await quotaOf(await newCaller())).toMatchObject({ usedBytes: 0, fileCount: 0 });
});

test("a full tenant has no room for what is nothing but a name, and 4 KiB are enough for that", async () => {
  const caller = await newCaller({ stack });
  const full = await createUpload(caller, QUOTA_BYTES);
  const post = (headers = {}) => postUpload(caller, { ...creationHeaders(0), ...headers });
  await expectRefusal(await post(), 403, "QUOTA_EXCEEDED");
  await expectRefusal(await post({ "upload-concat": "partial" }), 403, "QUOTA_EXCEEDED");
  await terminate(caller, full);
  await createUpload(caller, QUOTA_BYTES - MINIMUM_CHARGE_BYTES);
  expect((await post()).status).toBe(201);
  expect(await quotaOf(caller)).toMatchObject({ filesBytes: MINIMUM_CHARGE_BYTES, availableBytes: 0 });
});

test("a user's uploads under way are limited, and the refusal says when to come again", async () => {
  const caller = await newCaller({ stack });
  await createUpload(caller, 5);
  const settings = "UPDATE tenants SET settings = ? WHERE tenant_id = ?";
  await stack.query(settings, JSON.stringify({ maxOpenUploadsPerUser: 1 }), caller.tenantId);
  const refused = await postUpload(caller, creationHeaders(5));
  expect(refused.headers.get("retry-after")).toBe("30");
  expect(await readProblem(refused)).toMatchObject({
    ...{ status: 429, code: "OPEN_UPLOADS_EXCEEDED", maxOpenUploads: 1 },
  });
  const bob = await newCaller({ stack, tenantId: caller.tenantId, user: "bob" });
  expect((await postUpload(bob, creationHeaders(5))).status).toBe(201);
});

test("a refusal says what there is, and leaves nothing", async () => {
  const caller = await newCaller({ stack });
  const answers = [
    await postUpload(caller, creationHeaders(QUOTA_BYTES + 1)),
    await caller.fetch("/v1/files?entityType=contact", {
      method: "POST",
      headers: { "content-type": "text/plain" },
      body: textOf(QUOTA_BYTES + 1),
    }),
  ];
  for (const answer of answers) {
    expect(answer.headers.has("location")).toBe(false);
    expect(await readProblem(answer)).toMatchObject({
      ...{ status: 403, code: "QUOTA_EXCEEDED", quotaBytes: QUOTA_BYTES, availableBytes: QUOTA_BYTES },
    });
  }
  expect(await quotaOf(caller)).toMatchObject({ usedBytes: 0, fileCount: 0, level: "ok" });
  expect((await postUpload(caller, creationHeaders(QUOTA_BYTES))).status).toBe(201);
  expect(await quotaOf(caller)).toMatchObject({ availableBytes: 0, level: "critical" });
});

test("a form whose file doesn't fit is refused, and leaves nothing", async () => {
  const caller = await newCaller({ stack });
  const post = (sizeBytes: number) => {
    const form = new FormData();
    form.set("file", new File([textOf(sizeBytes)], "a.txt", { type: "text/plain" }));
    return caller.fetch("/v1/files", { method: "POST", body: form });
  };
  await expectRefusal(await post(QUOTA_BYTES + 1), 403, "QUOTA_EXCEEDED");
  expect(await quotaOf(caller)).toMatchObject({ usedBytes: 0, fileCount: 0 });
  expect((await post(QUOTA_BYTES)).status).toBe(201);
  expect(await quotaOf(caller)).toMatchObject({ usedBytes: QUOTA_BYTES, reservedBytes: 0 });
});

describe("tus 65: termination frees quota", () => {
  test("of an upload with some of its bytes, and of one with none", async () => {
    const caller = await newCaller();
    const [begun, empty] = [await createUpload(caller, 10_000), await createUpload(caller, 5_000)];
    await append(caller, begun, 0, "abc");
    expect(await quotaOf(caller)).toMatchObject({ usedBytes: 15_000, reservedBytes: 15_000, fileCount: 2 });
    expect((await terminate(caller, begun)).status).toBe(204);
    expect(await quotaOf(caller)).toMatchObject({ usedBytes: 5_000, reservedBytes: 5_000, fileCount: 1 });
    expect((await terminate(caller, empty)).status).toBe(204);
    await expectRefusal(await terminate(caller, empty), 404, "UPLOAD_NOT_FOUND");
    expect(await quotaOf(caller)).toMatchObject({ usedBytes: 0, reservedBytes: 0, fileCount: 0 });
  });

  test("of a partial upload, complete or not", async () => {
    const caller = await newCaller();
    const complete = await uploadPartial(caller, "abcdef");
    const open = await locationOf(postUpload(caller, { ...creationHeaders(10), "upload-concat": "partial" }));
    expect(await quotaOf(caller)).toMatchObject({ usedBytes: 2 * MINIMUM_CHARGE_BYTES, fileCount: 0 });
    for (const location of [complete, open]) expect((await terminate(caller, location)).status).toBe(204);
    expect((await quotaOf(caller)).usedBytes).toBe(0);
  });
});

test("an upload whose content is refused frees what was reserved for it", async () => {
  const caller = await newCaller();
  const location = await createUpload(caller, 10, { filename: "a.png" });
  await expectRefusal(await append(caller, location, 0, "no picture"), 415, "FILE_TYPE_MISMATCH");
  expect(await quotaOf(caller)).toMatchObject({ usedBytes: 0, fileCount: 0 });
});

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

test("the quota is documented, in a group of its own", async () => {
  const document = (await (await fetch(new URL("/openapi.json", stack.url))).json()) as {
    paths: Record<string, { get?: { tags: readonly string[]; responses: object } }>;
  };
  const operation = document.paths["/v1/quota"]?.get;
  expect(operation?.tags).toEqual(["Quota"]);
  expect(Object.keys(operation?.responses ?? {})).toEqual(["200", "401", "403", "429", "503"]);
});
