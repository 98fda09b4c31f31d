import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type { ExportedFile, ExportLine } from "#contract/export.ts";
import { ExportLine as Line } from "#contract/export.ts";
import { newAdmin, newOperator, PATIENCE_MS, readAudit } from "../support/admin.ts";
import type { Caller } from "../support/api.ts";
import { createUpload, newCaller, readProblem, uploadFile } from "../support/api.ts";
import { sharedWorkerAlone } from "../support/shared-worker.ts";
import { addRowsAbout, markClean } from "../support/tenant-rows.ts";

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

const BYTES = Buffer.from("hello, export");

const stack = sharedWorkerAlone();

interface Exporting {
  readonly ann: Caller;
  readonly admin: Caller;
}

async function startExporting(): Promise<Exporting> {
  const ann = await newCaller({ stack });
  return { ann, admin: await newAdmin(ann.tenantId, stack) };
}

async function addCleanFile({ ann }: Exporting, filename = "notes.txt"): Promise<string> {
  const fileId = await uploadFile(ann, BYTES, { filename, tags: "a,b", entityType: "deal", entityId: "d-1" });
  await markClean(stack.openDatabase("DB"), fileId, sha256(BYTES));
  return fileId;
}

function pathOf(caller: Caller, rest: string): string {
  return `/v1/admin/tenants/${caller.tenantId}${rest}`;
}

async function readLines(answer: Response): Promise<readonly ExportLine[]> {
  if (answer.status !== 200) throw new Error(`The export answered ${answer.status}: ${await answer.text()}`);
  const text = await answer.text();
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => Line.parse(JSON.parse(line)));
}

async function exportAll(caller: Caller, limit: number): Promise<readonly ExportLine[]> {
  const lines: ExportLine[] = [];
  for (let cursor = ""; lines.at(-1)?.kind !== "end"; cursor = lines.at(-1)?.cursor ?? "") {
    const from = cursor === "" ? "" : `&cursor=${cursor}`;
    const page = await readLines(await caller.fetch(pathOf(caller, `/export?limit=${limit}${from}`)));
    expect(page.length).toBeLessThanOrEqual(limit);
    lines.push(...page);
  }
  return lines;
}

/** Exporting is itself recorded, and each export has a beginning of its own: what is compared is all else. */
function withoutItself(lines: readonly ExportLine[]): readonly unknown[] {
  return lines
    .filter((line) => line.kind !== "audit" || line.action !== "tenant.exported")
    .map(({ cursor: _cursor, ...line }) => line);
}

test("an export has the tenant, its files with all that is about them, its trail, and an end", async () => {
  const exporting = await startExporting();
  const { ann, admin } = exporting;
  const fileId = await addCleanFile(exporting);
  const database = stack.openDatabase("DB");
  await addRowsAbout(database, ann.tenantId, fileId);
  const answer = await admin.fetch(pathOf(admin, "/export"));
  expect(answer.headers.get("content-type")).toBe("application/x-ndjson");
  const lines = await readLines(answer);
  expect(lines.map(({ kind }) => kind)).toEqual(["tenant", "file", "audit", "audit", "end"]);
  expect(lines[0]).toMatchObject({ tenantId: ann.tenantId, files: 1, settings: {} });
  expect(lines[1]).toMatchObject({
    id: fileId,
    filename: "notes.txt",
    ownerId: "ann",
    entityType: "deal",
    entityId: "d-1",
    tags: ["a", "b"],
    shares: [{ userId: "bob", permission: "download", sharedBy: "ann" }],
    links: [{ createdBy: "ann", hasPassword: true, downloads: 0 }],
    versions: [
      {
        version: 1,
        state: "clean",
        sha256: sha256(BYTES),
        sizeBytes: BYTES.byteLength,
        originalFilename: "notes.txt",
        verdicts: [{ verdict: "clean", engine: "ClamAV" }],
        derivatives: [{ name: "thumbnail", sizeBytes: 3 }],
        missingDerivatives: [{ name: "preview", state: "failed", reason: "It took too long.", attempts: 1 }],
        contentPath: pathOf(admin, `/files/${fileId}/versions/1/content`),
        noContent: null,
      },
    ],
  });
  expect(JSON.stringify(lines)).not.toContain("scrypt");
  expect(JSON.stringify(lines)).not.toContain("original-1");
  expect(lines.filter((line) => line.kind === "audit").map(({ action }) => action)).toEqual([
    "file.created",
    "file.uploaded",
  ]);
  expect(await readAudit(admin, "?action=tenant.exported")).toMatchObject([
    { actor: { id: "boss", kind: "admin" }, detail: { resumed: false } },
  ]);
});

async function addFiles({ ann }: Exporting, count: number): Promise<readonly string[]> {
  const ids = [];
  for (let index = 0; index < count; index += 1)
    ids.push(await uploadFile(ann, Buffer.from(`file ${index}`)));
  return ids.sort();
}

/** Of files with two events each. */
async function expectWhole({ admin }: Exporting, ids: readonly string[], limit: number): Promise<void> {
  const whole = await exportAll(admin, 10_000);
  const parts = await exportAll(admin, limit);
  expect(withoutItself(parts)).toEqual(withoutItself(whole));
  const files = parts.filter((line) => line.kind === "file").map(({ id }) => id);
  expect(files).toEqual(ids);
  expect(parts.filter((line) => line.kind === "audit" && line.fileId !== null)).toHaveLength(2 * ids.length);
}

test("in answers of one line nothing is lost or doubled", async () => {
  const exporting = await startExporting();
  await expectWhole(exporting, await addFiles(exporting, 4), 1);
});

describe("of more than a page of files", () => {
  let exporting: Exporting;
  let ids: readonly string[];
  beforeAll(async () => {
    exporting = await startExporting();
    ids = await addFiles(exporting, 53);
  });

  // Each answer is an event of its own, which those after it have too.
  test.each([10_000, 60, 7, 3, 2])("in answers of %i lines nothing is lost or doubled", async (limit) => {
    await expectWhole(exporting, ids, limit);
  });

  test("an answer that is cut goes on with the last line's cursor", async () => {
    const { admin } = exporting;
    const whole = await exportAll(admin, 10_000);
    const answer = await admin.fetch(pathOf(admin, "/export"));
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    const first = Buffer.from((await reader.read()).value ?? []).toString();
    await reader.cancel();
    const had = first
      .slice(0, first.lastIndexOf("\n") + 1)
      .split("\n")
      .slice(0, -1)
      .map((line) => Line.parse(JSON.parse(line)));
    expect(had.length).toBeGreaterThan(0);
    expect(had.length).toBeLessThan(whole.length);
    const rest = await readLines(await admin.fetch(pathOf(admin, `/export?cursor=${had.at(-1)?.cursor}`)));
    expect(withoutItself([...had, ...rest])).toEqual(withoutItself(whole));
  });
});

test("what isn't clean is told and has no content; the trash has", async () => {
  const exporting = await startExporting();
  const { ann, admin } = exporting;
  const database = stack.openDatabase("DB");
  const trashed = await addCleanFile(exporting);
  expect((await ann.fetch(`/v1/files/${trashed}`, { method: "DELETE" })).status).toBe(204);
  await createUpload(ann, 10);
  await uploadFile(ann, BYTES);
  for (const state of ["infected", "unscannable"]) {
    const fileId = await uploadFile(ann, BYTES);
    await database.prepare("UPDATE file_versions SET state = ? WHERE file_id = ?").bind(state, fileId).run();
  }
  const files = (await exportAll(admin, 10_000)).filter((line) => line.kind === "file");
  const stateOf = ({ versions: [version] }: ExportedFile) => `${version?.state}: ${version?.noContent}`;
  expect(files.map(stateOf).sort()).toEqual([
    "clean: null",
    "infected: infected",
    "quarantined: quarantined",
    "unscannable: unscannable",
    "uploading: uploading",
  ]);
  const codes = { infected: 403, unscannable: 403, quarantined: 409, uploading: 409, clean: 200 };
  for (const file of files) {
    const [version] = file.versions;
    if (version === undefined) throw new Error("A file has no version.");
    const content = await admin.fetch(pathOf(admin, `/files/${file.id}/versions/1/content`));
    expect(content.status).toBe(codes[version.state]);
    expect((await content.text()) === BYTES.toString()).toBe(version.state === "clean");
    expect(version.contentPath === null).toBe(version.state !== "clean");
  }
  expect(files.find(({ id }) => id === trashed)?.deletedAt).not.toBeNull();
});

describe("a version's content", () => {
  let exporting: Exporting;
  let path: string;
  beforeAll(async () => {
    exporting = await startExporting();
    path = pathOf(
      exporting.ann,
      `/files/${await addCleanFile(exporting, "Übersicht.txt")}/versions/1/content`,
    );
  });

  test("comes whole or in ranges, and is recorded", async () => {
    const { admin } = exporting;
    const whole = await admin.fetch(path);
    expect(Buffer.from(await whole.arrayBuffer())).toEqual(BYTES);
    expect(whole.headers.get("content-disposition")).toContain("attachment");
    const range = await admin.fetch(path, { headers: { range: "bytes=7-" } });
    expect([range.status, await range.text()]).toEqual([206, "export"]);
    await expect
      .poll(async () => (await readAudit(admin, "?action=file.read")).map(({ detail }) => detail), {
        timeout: PATIENCE_MS,
      })
      .toEqual([{ variant: "original", export: true }]);
  });

  test("is its admins', services' and operators'", async () => {
    const { ann, admin } = exporting;
    const tenantId = ann.tenantId;
    const statusFor = async (caller: Caller) => (await caller.fetch(path)).status;
    expect(await statusFor(admin)).toBe(200);
    expect(await statusFor(await newCaller({ stack, tenantId, role: "service" }))).toBe(200);
    expect(await statusFor(await newOperator(stack))).toBe(200);
    expect(await statusFor(ann)).toBe(403);
    expect(await statusFor(await newAdmin((await newCaller()).tenantId, stack))).toBe(404);
  });

  test.each([
    ["another version", (text: string) => text.replace("/1/", "/2/"), "VERSION_NOT_FOUND"],
    ["version 01", (text: string) => text.replace("/1/", "/01/"), "VERSION_NOT_FOUND"],
    ["version 0", (text: string) => text.replace("/1/", "/0/"), "VERSION_NOT_FOUND"],
    [
      "another file",
      (text: string) => text.replace(/files\/\w+/, `files/${"0".repeat(26)}`),
      "FILE_NOT_FOUND",
    ],
    ["no file", (text: string) => text.replace(/files\/\w+/, "files/x"), "FILE_NOT_FOUND"],
  ] as const)("of %s isn't there", async (_what, alter, code) => {
    const { admin } = exporting;
    expect((await admin.fetch(path)).status).toBe(200);
    expect(await readProblem(await admin.fetch(alter(path)))).toMatchObject({ status: 404, code });
  });
});

test.each(["x", "1.file.A", "file.1", "1.audit", "end.", "1.tenant."])(
  "a cursor %s is refused",
  async (cursor) => {
    const { ann, admin } = await startExporting();
    await createUpload(ann, 10);
    expect((await admin.fetch(pathOf(admin, "/export"))).status).toBe(200);
    const answer = await admin.fetch(pathOf(admin, `/export?cursor=${cursor}`));
    expect(await readProblem(answer)).toMatchObject({
      code: "REQUEST_INVALID",
      errors: [{ path: "cursor" }],
    });
  },
);
