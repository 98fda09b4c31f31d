import { randomUUID } from "node:crypto";
import { expect, inject, test } from "vitest";
import type { VerdictReport } from "#contract/reports.ts";
import { REPORT_SIGNATURE_HEADER, REPORTS_PATH, Standing, signReport } from "#contract/reports.ts";
import { NO_WISHES } from "#contract/wishes.ts";
import { newAdmin, sendJson } from "../support/admin.ts";
import type { Caller } from "../support/api.ts";
import {
  getRecord,
  newCaller,
  readProblem,
  sharedStack,
  uploadFile,
  waitForVerdict,
} from "../support/api.ts";
import { storedEtagOf } from "../support/stored-etag.ts";

const HEARTBEAT = {
  kind: "heartbeat",
  processorId: `test-${randomUUID()}`,
  scanner: "ok",
  scannerDetail: "Test.",
  signatureVersion: null,
  queue: "ok",
  atMs: 0,
};

async function send(body: string, signature: string): Promise<Response> {
  const headers = { "content-type": "application/json", [REPORT_SIGNATURE_HEADER]: signature };
  return fetch(new URL(REPORTS_PATH, sharedStack().url), { method: "POST", headers, body });
}

async function report(content: object): Promise<Response> {
  const body = JSON.stringify(content);
  return send(body, await signReport(inject("reportSecret"), body, Date.now()));
}

/** A clean file, of a type that the processor makes nothing of, and the report that would say so again. */
async function cleanFile(): Promise<{ caller: Caller; fileId: string; verdict: VerdictReport }> {
  const caller = await newCaller();
  const fileId = await uploadFile(caller, Buffer.from("hello"), { filename: "letter.eml" });
  const record = await waitForVerdict(caller, fileId);
  const verdict = {
    kind: "verdict",
    tenantId: caller.tenantId,
    fileId: record.id,
    version: 1,
    etag: storedEtagOf("hello"),
    sizeBytes: 5,
    sha256: record.sha256 ?? "",
    sniffedType: null,
    verdict: "clean",
    signatureName: null,
    engine: "Test",
    signatureVersion: "1",
    scannedAtMs: Date.now(),
  } as const;
  return { caller, fileId, verdict };
}

test.each([
  ["none", () => ""],
  ["another secret's", (body: string) => signReport("x".repeat(40), body, Date.now())],
  ["another body's", () => signReport(inject("reportSecret"), "{}", Date.now())],
  [
    "one of ten minutes ago",
    (body: string) => signReport(inject("reportSecret"), body, Date.now() - 600_000),
  ],
  [
    "one of ten minutes from now",
    (body: string) => signReport(inject("reportSecret"), body, Date.now() + 600_000),
  ],
] as const)("a report with a wrong signature, %s, is refused", async (_what, sign) => {
  const body = JSON.stringify(HEARTBEAT);
  const answer = await send(body, await sign(body));
  expect(await readProblem(answer)).toMatchObject({ status: 403, code: "SIGNATURE_INVALID" });
});

test("a report that isn't one is refused though it is signed", async () => {
  expect((await report(HEARTBEAT)).status).toBe(200);
  expect(await readProblem(await report({ ...HEARTBEAT, scanner: "perhaps" }))).toMatchObject({
    status: 400,
  });
  expect(await readProblem(await report({ kind: "promotion" }))).toMatchObject({ status: 400 });
});

test.each([
  ["other bytes", { etag: "0123456789abcdef" }],
  ["another size", { sizeBytes: 6 }],
  ["another version", { version: 2 }],
  ["another tenant", { tenantId: "elsewhere" }],
])("a verdict about %s is refused and changes nothing", async (_what, change) => {
  const { caller, fileId, verdict } = await cleanFile();
  expect((await report(verdict)).status).toBe(200);
  const answer = await report({ ...verdict, verdict: "infected", scannedAtMs: Date.now() + 1000, ...change });
  expect(await readProblem(answer)).toMatchObject({ status: 409, code: "REPORT_REFUSED" });
  expect(await getRecord(caller, fileId)).toMatchObject({ state: "clean" });
});

test("the first verdict decides: none counts twice, and none of a second run overrules it", async () => {
  const { caller, fileId, verdict } = await cleanFile();
  const before = await getRecord(caller, fileId);
  const infected = { ...verdict, verdict: "infected", signatureName: "X", scannedAtMs: Date.now() + 5000 };
  const unscannable = { ...verdict, verdict: "unscannable", scannedAtMs: Date.now() - 5000 };
  for (const late of [verdict, infected, unscannable]) {
    const answer = await report(late);
    expect(await answer.json()).toMatchObject({ state: "clean", sniffedType: null, derivatives: [] });
  }
  expect(await getRecord(caller, fileId)).toEqual(before);
});

test("a processor that starts is told how the version stands", async () => {
  const { verdict } = await cleanFile();
  const { tenantId, fileId, version, etag, sizeBytes } = verdict;
  const start = { kind: "start", tenantId, fileId, version, etag, sizeBytes };
  expect(await (await report(start)).json()).toMatchObject({ state: "clean" });
  const refused = await report({ ...start, etag: "other" });
  expect(await readProblem(refused)).toMatchObject({ status: 409, code: "REPORT_REFUSED" });
});

test("a processor that starts is told what the tenant wishes, as it is now", async () => {
  const { caller, verdict } = await cleanFile();
  const { tenantId, fileId, version, etag, sizeBytes } = verdict;
  const askWishes = async () => {
    const answer = await report({ kind: "start", tenantId, fileId, version, etag, sizeBytes });
    return Standing.parse(await answer.json()).wishes;
  };
  expect(await askWishes()).toEqual(NO_WISHES);
  const wishes = {
    ...{ virusScanProvider: "clamav", virusTotalUploads: true, activeContent: "refuse" },
    ...{ avifDerivatives: true, keepPlaces: true },
  };
  const admin = await newAdmin(caller.tenantId);
  const settings = { ...wishes, trashDays: 7 };
  const changed = await sendJson(admin, "PATCH", `/v1/admin/tenants/${tenantId}`, { settings });
  expect(changed.status).toBe(200);
  expect(await askWishes()).toEqual(wishes);
});

test.each([
  ["another file's key", (key: string) => key.replace("thumbnail", "original-1")],
  ["another tenant's key", (key: string) => key.replace(/^t\/\w+/, "t/victim")],
])("a derivative under %s is refused", async (_what, changeKey) => {
  const { caller, fileId, verdict } = await cleanFile();
  const objectKey = `t/${caller.tenantId}/${fileId}/1/thumbnail.webp`;
  const derivative = {
    kind: "derivative",
    tenantId: verdict.tenantId,
    fileId,
    version: 1,
    name: "thumbnail",
    objectKey,
    mimeType: "image/webp",
    sizeBytes: 3,
    width: 1,
    height: 1,
  };
  expect((await report(derivative)).status).toBe(204);
  expect((await report(derivative)).status).toBe(204);
  expect(await getRecord(caller, fileId)).toMatchObject({
    derivatives: [{ name: "thumbnail", sizeBytes: 3 }],
  });
  const answer = await report({ ...derivative, objectKey: changeKey(objectKey) });
  expect(await readProblem(answer)).toMatchObject({ status: 409, code: "REPORT_REFUSED" });
});

test("a heartbeat counts once: neither a copy of it nor an older one makes a processor look alive", async () => {
  const heartbeat = { ...HEARTBEAT, processorId: `test-${randomUUID()}`, atMs: 1_000 };
  const body = JSON.stringify(heartbeat);
  const signature = await signReport(inject("reportSecret"), body, Date.now());
  expect((await send(body, signature)).status).toBe(200);
  const refused = { status: 409, code: "REPORT_REFUSED" };
  expect(await readProblem(await send(body, signature))).toMatchObject(refused);
  expect(await readProblem(await report(heartbeat))).toMatchObject(refused);
  expect(await readProblem(await report({ ...heartbeat, atMs: 999 }))).toMatchObject(refused);
  expect((await report({ ...heartbeat, atMs: 1_001 })).status).toBe(200);
  expect(await readProblem(await send(body, signature))).toMatchObject(refused);
});
