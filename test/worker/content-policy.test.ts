import { expect, test } from "vitest";
import { FileVersionRef } from "#contract/ids.ts";
import type { QuarantinePage } from "#contract/quarantine.ts";
import type { Rescan } from "#contract/rescans.ts";
import { newAdmin, sendJson } from "../support/admin.ts";
import type { Caller } from "../support/api.ts";
import { getRecord, newCaller, uploadFile } from "../support/api.ts";
import { sendVerdict } from "../support/reports.ts";
import { sharedWorkerAlone } from "../support/shared-worker.ts";

/** What a tenant wants to be done about active content, by the verdicts of a processor that the test plays. */
const worker = sharedWorkerAlone();

const MACROS = { found: ["macros", "dde"], isComplete: true };
const NONE = { found: [], isComplete: true };
const UNKNOWN = { found: [], isComplete: false };

async function tenantWith(activeContent?: string): Promise<{ ann: Caller; admin: Caller }> {
  const ann = await newCaller({ stack: worker });
  const admin = await newAdmin(ann.tenantId, worker);
  if (activeContent !== undefined) await setPolicy(admin, activeContent);
  return { ann, admin };
}

async function setPolicy(admin: Caller, activeContent: string): Promise<void> {
  const body = { settings: { activeContent } };
  const changed = await sendJson(admin, "PATCH", `/v1/admin/tenants/${admin.tenantId}`, body);
  expect(changed.status).toBe(200);
}

async function checkedFile(ann: Caller, change: object): Promise<FileVersionRef> {
  const fileId = await uploadFile(ann, Buffer.from("hello"), { filename: "notes.txt" });
  const ref = FileVersionRef.parse({ tenantId: ann.tenantId, fileId, version: 1 });
  expect((await sendVerdict(worker, ref, change)).status).toBe(200);
  return ref;
}

test("a file with macros is clean, and tells of them and of what was not seen, where nothing else is said", async () => {
  const { ann } = await tenantWith();
  const { fileId } = await checkedFile(ann, { active: MACROS });
  const record = await getRecord(ann, fileId);
  expect(record).toMatchObject({ state: "clean", properties: { activeContent: ["macros", "dde"] } });
  const partly = await checkedFile(ann, { active: { found: ["dde"], isComplete: false } });
  expect((await getRecord(ann, partly.fileId)).properties).toEqual({ activeContent: ["dde", "unknown"] });
  const without = await checkedFile(ann, { active: NONE });
  expect((await getRecord(ann, without.fileId)).properties).toEqual({});
});

test.each([
  ["has macros", { active: MACROS }, "ActiveContent.macros+dde", /^The file contains macros and links that /],
  ["could not be looked through", { active: UNKNOWN }, "ActiveContent.unknown", /could not be told/],
  ["was not looked through", {}, "ActiveContent.unknown", /could not be told/],
])("where it is refused, a file that %s is kept back", async (_what, change, signatureName, sentence) => {
  const { ann, admin } = await tenantWith("refuse");
  const { fileId } = await checkedFile(ann, change);
  expect(await getRecord(ann, fileId)).toMatchObject({ state: "unscannable", verdict: { signatureName } });
  const reason = expect.stringMatching(sentence);
  expect((await ann.fetch(`/v1/files/${fileId}/content`)).status).toBe(403);
  const listed = await admin.fetch("/v1/admin/quarantine");
  expect(((await listed.json()) as QuarantinePage).items).toMatchObject([{ fileId, signatureName, reason }]);
});

test("where it is refused, what has none of it is clean, and what is infected is that", async () => {
  const { ann } = await tenantWith("refuse");
  const { fileId } = await checkedFile(ann, { active: NONE });
  expect(await getRecord(ann, fileId)).toMatchObject({ state: "clean" });
  const infected = await checkedFile(ann, { verdict: "infected", signatureName: "X" });
  expect(await getRecord(ann, infected.fileId)).toMatchObject({
    state: "infected",
    verdict: { signatureName: "X" },
  });
});

test("a person's release stands against the policy, whatever signatures a rescan has", async () => {
  const { ann, admin } = await tenantWith("refuse");
  const ref = await checkedFile(ann, { active: MACROS });
  const path = `/v1/admin/quarantine/${ref.fileId}/1/release`;
  expect((await sendJson(admin, "POST", path, { reason: "Ours." })).status).toBe(204);
  await scanAgain(admin, ref, { active: MACROS, signatureVersion: "2" });
  expect(await getRecord(ann, ref.fileId)).toMatchObject({ state: "clean", verdict: { engine: "person" } });
});

test("a rescan finds what wasn't looked for, and what is refused now", async () => {
  const { ann, admin } = await tenantWith("allow");
  const ref = await checkedFile(ann, {});
  expect((await getRecord(ann, ref.fileId)).properties).toEqual({});
  await setPolicy(admin, "flag");
  await scanAgain(admin, ref, { active: MACROS });
  expect((await getRecord(ann, ref.fileId)).properties).toEqual({ activeContent: MACROS.found });
  await setPolicy(admin, "refuse");
  await scanAgain(admin, ref, { active: MACROS });
  const record = await getRecord(ann, ref.fileId);
  expect(record).toMatchObject({ state: "unscannable", verdict: { foundLater: true } });
});

/** As a rescan has it done. */
async function scanAgain(admin: Caller, ref: FileVersionRef, change: object): Promise<void> {
  const begun = await sendJson(admin, "POST", "/v1/admin/rescans", { fileId: ref.fileId });
  const { id } = (await begun.json()) as Rescan;
  await worker.query(
    "INSERT INTO rescan_jobs (tenant_id, file_id, version, rescan_id, sent_at_ms) VALUES (?, ?, 1, ?, 0)",
    ...[ref.tenantId, ref.fileId, id],
  );
  expect((await sendVerdict(worker, ref, change)).status).toBe(200);
}
