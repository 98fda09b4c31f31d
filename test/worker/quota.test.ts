import { describe, expect, test } from "vitest";
import { MINIMUM_CHARGE_BYTES } from "#contract/charges.ts";
import { derivativesOf } from "#contract/derivatives.ts";
import {
  append,
  createUpload,
  creationHeaders,
  newCaller,
  readProblem,
  uploadFile,
  waitForRecord,
} from "../support/api.ts";
import { uploadPartial } from "../support/concatenation.ts";
import { quotaOf } from "../support/quota.ts";
import { QUOTA_BYTES, terminate, useSmallQuota } from "../support/small-quota.ts";
import { expectRefusal, listedFiles, locationOf, postUpload, textOf } from "../support/tus.ts";

const KIB = 1024;

const { stack } = useSmallQuota();

test("of two hundred creations at once, exactly as many are admitted as fit", async () => {
  const caller = await newCaller({ stack });
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => postUpload(caller, creationHeaders(1_000 * KIB))),
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
  const made = derivativesOf("text/plain").length;
  const { derivatives } = await waitForRecord(caller, fileId, (record) => record.derivatives.length === made);
  await createUpload(caller, 10 * KIB);
  const quotaBytes = 100 * 1024 ** 3;
  const expected = {
    ...{ quotaBytes, usedBytes: 15 * KIB, reservedBytes: 10 * KIB, availableBytes: quotaBytes - 15 * KIB },
    ...{
      filesBytes: 5 * KIB,
      openUploads: 1,
      versionsBytes: 0,
      trashBytes: 0,
      derivativesBytes: derivatives.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
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
    await caller.fetch("/v1/files?tags=contact", {
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

test("the quota is documented, in a group of its own", async () => {
  const document = (await (await fetch(new URL("/openapi.json", stack.url))).json()) as {
    paths: Record<string, { get?: { tags: readonly string[]; responses: object } }>;
  };
  const operation = document.paths["/v1/quota"]?.get;
  expect(operation?.tags).toEqual(["Quota"]);
  expect(Object.keys(operation?.responses ?? {})).toEqual(["200", "401", "403", "429", "503"]);
});
