import { describe, expect, test } from "vitest";
import { MINIMUM_CHARGE_BYTES } from "#contract/charges.ts";
import type { TenantSettings } from "#contract/tenants.ts";
import { newAdmin, sendJson } from "../support/admin.ts";
import type { Caller } from "../support/api.ts";
import {
  append,
  createUpload,
  creationHeaders,
  fileIdOf,
  getRecord,
  newCaller,
  readProblem,
  TUS,
  uploadFile,
} from "../support/api.ts";
import { create, uploadWhole } from "../support/ietf.ts";
import { quotaOf } from "../support/quota.ts";
import { changed, expectRefusal, listedFiles, locationOf, patch, postUpload } from "../support/tus.ts";
import type { WorkerAlone } from "../support/worker-alone.ts";
import { startWorkerAlone, useWorkerAlone } from "../support/worker-alone.ts";

const stack = useWorkerAlone({ TENANT_CACHE_SECONDS: "0" });

type Database = Pick<WorkerAlone, "query">;
type ExtraType = NonNullable<TenantSettings["extraTypes"]>[number];

async function makeTenant({ query }: Database, { tenantId }: Caller): Promise<void> {
  await query("INSERT OR IGNORE INTO tenants (tenant_id, created_at_ms) VALUES (?, 0)", tenantId);
}

/** As another isolate did it, or an older version of ours. */
async function set(database: Database, caller: Caller, settings: TenantSettings): Promise<void> {
  await makeTenant(database, caller);
  const statement = "UPDATE tenants SET settings = ? WHERE tenant_id = ?";
  await database.query(statement, JSON.stringify(settings), caller.tenantId);
}

/** A member of a tenant whose admin has set these. */
async function callerWith(settings: TenantSettings): Promise<Caller> {
  const caller = await newCaller({ stack });
  await makeTenant(stack, caller);
  const admin = await newAdmin(caller.tenantId, stack);
  const answer = await sendJson(admin, "PATCH", `/v1/admin/tenants/${caller.tenantId}`, { settings });
  if (!answer.ok) throw new Error(`The settings were answered ${answer.status}: ${await answer.text()}`);
  return caller;
}

/** A creation of a file of this name and type, of ten bytes where nothing else is said. */
function creating(caller: Caller, filename: string, filetype = "", sizeBytes = 10): Promise<Response> {
  return postUpload(caller, creationHeaders(sizeBytes, { filename, filetype }));
}

describe("what is otherwise for a tenant", () => {
  test("is otherwise for it alone", async () => {
    const caller = await callerWith({ refusedTypes: ["application/zip"] });
    await expectRefusal(await creating(caller, "a.zip"), 415, "FILE_TYPE_REFUSED");
    expect((await creating(await newCaller({ stack }), "a.zip")).status).toBe(201);
  });

  test.each([
    ["a larger limit", { document: 200_000_000 }, 200_000_000],
    ["a smaller limit", { document: 9 }, 9],
  ])("%s of a class, to the byte, and of what has no length", async (_what, maxBytes, limitBytes) => {
    const caller = await callerWith({ maxBytes });
    expect((await creating(caller, "a.txt", "", limitBytes)).status).toBe(201);
    const refused = await creating(caller, "a.txt", "", limitBytes + 1);
    expect(await readProblem(refused)).toMatchObject({ code: "FILE_TOO_LARGE", maxSizeBytes: limitBytes });
    const unknown = await create(caller, { "content-type": "text/plain" });
    expect(unknown.headers.get("upload-limit")).toMatch(new RegExp(`^max-size=${limitBytes},`));
  });

  test("no limit is above that of every upload", async () => {
    const caller = await callerWith({ maxBytes: { video: 10_000_000_000 } });
    const refused = await creating(caller, "a.mp4", "", 524_288_001);
    expect(await readProblem(refused)).toMatchObject({ code: "FILE_TOO_LARGE", maxSizeBytes: 524_288_000 });
    expect((await creating(caller, "a.mp4", "", 524_288_000)).status).toBe(201);
  });

  test("a type of its own is taken, unless its content is something else", async () => {
    const step = { type: "model/step", fileClass: "document", extensions: ["stp"] } satisfies ExtraType;
    const caller = await callerWith({ extraTypes: [step] });
    const location = await locationOf(creating(caller, "part.stp"));
    expect((await append(caller, location, 0, "ISO-10303;")).status).toBe(204);
    expect(await getRecord(caller, fileIdOf(location))).toMatchObject({
      mimeType: "model/step",
      state: "quarantined",
    });
    const disguised = await locationOf(creating(caller, "part.stp", "model/step"));
    await expectRefusal(await append(caller, disguised, 0, "%PDF-1.7\n\n"), 415, "FILE_TYPE_MISMATCH");
    const program = await locationOf(creating(caller, "part.stp", "model/step"));
    await expectRefusal(await append(caller, program, 0, "#!/bin/sh\n"), 415, "FILE_TYPE_MISMATCH");
  });

  test("what runs is refused, whatever was set", async () => {
    const html = { type: "text/html", fileClass: "document", extensions: ["html"] } satisfies ExtraType;
    const program = {
      type: "application/x-thing",
      fileClass: "other",
      extensions: ["exe"],
    } satisfies ExtraType;
    // Not by our own routes: these don't take such settings.
    const caller = await newCaller({ stack });
    await set(stack, caller, { extraTypes: [html, program] });
    await expectRefusal(await creating(caller, "a.html", "text/html"), 415, "FILE_TYPE_REFUSED");
    await expectRefusal(await creating(caller, "a.exe", "application/x-thing"), 415, "FILE_TYPE_REFUSED");
  });

  test("an ending of its own is blocked, by either protocol", async () => {
    const caller = await callerWith({ blockedExtensions: ["docm"] });
    await expectRefusal(await creating(caller, "a.docm. ", "application/pdf"), 415, "FILE_TYPE_REFUSED");
    const refused = await create(caller, { "content-disposition": 'inline; filename="a.docm"' });
    await expectRefusal(refused, 415, "FILE_TYPE_REFUSED");
    expect(await listedFiles(caller)).toEqual([]);
  });
});

describe("a large file is taken with a warning", () => {
  const warning = (sizeBytes: number) => ({
    code: "LARGE_FILE",
    detail: `Files of this kind are to have 10 bytes at most; this one has ${sizeBytes}.`,
  });

  test.each([
    [10, null, []],
    [11, "LARGE_FILE", [warning(11)]],
  ])("%d bytes where 10 are warned of: %s", async (sizeBytes, header, warnings) => {
    const caller = await callerWith({ warnBytes: { document: 10 } });
    const answer = await creating(caller, "a.txt", "", sizeBytes);
    expect(answer.status).toBe(201);
    expect(answer.headers.get("causeway-warning")).toBe(header);
    const record = await getRecord(caller, fileIdOf(answer.headers.get("location") ?? ""));
    expect(record.warnings).toEqual(warnings);
  });

  test("in one request too, of its own class, and by whatever way it came", async () => {
    const caller = await callerWith({ warnBytes: { document: 10, image: 1 } });
    const tus = await uploadFile(caller, Buffer.from("hello"));
    expect((await getRecord(caller, tus)).warnings).toEqual([]);
    const plain = await caller.fetch("/v1/files", {
      method: "POST",
      headers: { "content-type": "text/plain" },
      body: "hello, world",
    });
    expect(plain.headers.get("causeway-warning")).toBe("LARGE_FILE");
    expect(plain.headers.get("access-control-expose-headers")).toContain("Causeway-Warning");
    expect(await plain.json()).toMatchObject({ warnings: [warning(12)] });
    const ietf = await uploadWhole(caller, "hello, world!");
    expect((await getRecord(caller, ietf)).warnings).toEqual([warning(13)]);
  });

  test("when its length is known", async () => {
    const caller = await callerWith({ warnBytes: { document: 10 } });
    const deferred = changed(creationHeaders(0), { "upload-length": undefined, "upload-defer-length": "1" });
    const answer = await postUpload(caller, deferred);
    expect(answer.headers.has("causeway-warning")).toBe(false);
    const location = answer.headers.get("location") ?? "";
    expect((await getRecord(caller, fileIdOf(location))).warnings).toEqual([]);
    expect((await patch(caller, location, 0, "hello, world", { "upload-length": "12" })).status).toBe(204);
    expect((await getRecord(caller, fileIdOf(location))).warnings).toEqual([warning(12)]);
  });
});

describe("names and entities", () => {
  test.each([
    ["a path", "../../a.txt", "_.._a.txt"],
    ["a line break", "a\nb.txt", "ab.txt"],
    ["a name that reads backwards", "a\u202etxt.pdf", "atxt.pdf"],
    ["a name of 256 bytes", `${"a".repeat(252)}.txt`, `${"a".repeat(251)}.txt`],
    ["a name of 1,024 characters", `${"ä".repeat(1_020)}.txt`, `${"ä".repeat(125)}.txt`],
    ["a name with spaces", "  a.txt ", "a.txt"],
  ])("%s is made good, and kept as it was declared", async (_what, originalFilename, filename) => {
    const caller = await newCaller({ stack });
    const location = await createUpload(caller, 3, { filename: originalFilename });
    expect(await getRecord(caller, fileIdOf(location))).toMatchObject({ filename, originalFilename });
  });

  test.each([
    "contact",
    "lead",
    "company",
    "email",
    "activity",
    "document",
    "deal",
    "a",
    `a${"-_0".repeat(21)}`,
  ])("an entity of type %s is taken", async (entityType) => {
    const caller = await newCaller({ stack });
    const location = await createUpload(caller, 3, { filename: "a.txt", entityType, entityId: "7" });
    expect(await getRecord(caller, fileIdOf(location))).toMatchObject({ entityType });
  });

  test.each(["Contact", "1a", "-a", "a b", "a.b", "ä", " contact", `a${"b".repeat(64)}`])(
    "an entity of type %j is refused",
    async (entityType) => {
      const caller = await newCaller({ stack });
      const headers = creationHeaders(3, { filename: "a.txt", entityType, entityId: "7" });
      expect(await readProblem(await postUpload(caller, headers))).toMatchObject({
        ...{ status: 400, code: "UPLOAD_METADATA_INVALID", errors: [{ path: "entityType" }] },
      });
      expect(await listedFiles(caller)).toEqual([]);
    },
  );
});

test("a tenant that is being erased is refused everywhere, and takes nothing", async () => {
  const caller = await newCaller({ stack });
  const location = await createUpload(caller, 10);
  const requests = [
    ["GET", "/v1/files", {}],
    ["GET", `/v1/files/${fileIdOf(location)}`, {}],
    ["POST", "/v1/files", {}],
    ["GET", "/v1/quota", {}],
    ["POST", "/v1/signed-urls", {}],
    ["POST", "/v1/upload-grants", {}],
    ["POST", "/v1/uploads", creationHeaders(10, { filename: "a.txt" })],
    ["HEAD", location, TUS],
    ["PATCH", location, TUS],
    ["DELETE", location, TUS],
  ] as const;
  const erasing = "UPDATE tenants SET erasing_at_ms = ? WHERE tenant_id = ?";
  await stack.query(erasing, 1, caller.tenantId);
  for (const [method, path, headers] of requests) {
    const answer = await caller.fetch(path, { method, headers });
    if (method === "HEAD") expect(answer.status).toBe(403);
    else await expectRefusal(answer, 403, "TENANT_ERASING");
  }
  await stack.query(erasing, null, caller.tenantId);
  expect(await quotaOf(caller)).toMatchObject({ reservedBytes: MINIMUM_CHARGE_BYTES, fileCount: 1 });
  expect((await append(caller, location, 0, "0123456789")).status).toBe(204);
});

test("settings are read again when they are old, and what decides by rows is told at once", async () => {
  const known = await newCaller({ stack });
  expect((await creating(known, "a.zip")).status).toBe(201);
  await set(stack, known, { refusedTypes: ["application/zip"] });
  await expectRefusal(await creating(known, "a.zip"), 415, "FILE_TYPE_REFUSED");

  const remembering = await startWorkerAlone({ TENANT_CACHE_SECONDS: "300" });
  const caller = await newCaller({ stack: remembering });
  expect((await creating(caller, "a.zip")).status).toBe(201);
  await set(remembering, caller, { refusedTypes: ["application/zip"] });
  expect((await creating(caller, "a.zip")).status).toBe(201);
  await remembering.query("UPDATE tenants SET erasing_at_ms = 1 WHERE tenant_id = ?", caller.tenantId);
  await expectRefusal(await creating(caller, "a.zip"), 403, "TENANT_ERASING");
  expect(await remembering.query("SELECT id FROM files WHERE tenant_id = ?", caller.tenantId)).toHaveLength(
    2,
  );
});
