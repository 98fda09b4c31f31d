import { expect, test } from "vitest";
import { FileVersionRef } from "#contract/ids.ts";
import { derivativeKey } from "#contract/keys.ts";
import { NO_WISHES } from "#contract/wishes.ts";
import { newAdmin } from "../support/admin.ts";
import type { Caller } from "../support/api.ts";
import { getRecord, newCaller, readProblem, signUrl } from "../support/api.ts";
import { auditOf, publish, setState, shareFile, uploadClean } from "../support/file-states.ts";
import { takeJobs } from "../support/queued-jobs.ts";
import { askStanding, sendReport } from "../support/reports.ts";
import { useWorkerAlone } from "../support/worker-alone.ts";

/** What is made of a clean file, by the reports of a processor that the test plays. */
const worker = useWorkerAlone();

const report = (content: object): Promise<Response> => sendReport(worker, content);

/** A clean text, and what a processor says of it. */
async function cleanText() {
  const ann = await newCaller({ stack: worker });
  const fileId = await uploadClean(worker, ann, Buffer.from("hello"));
  const ref = FileVersionRef.parse({ tenantId: ann.tenantId, fileId, version: 1 });
  const preview = {
    ...{ ...ref, kind: "derivative", name: "preview", objectKey: derivativeKey(ref, "preview", "html") },
    ...{ mimeType: "text/html", sizeBytes: 11, width: null, height: null },
  };
  const missing = {
    ...{ ...ref, kind: "missing-derivative", name: "preview" },
    ...{ state: "failed", reason: "It took too long." },
  };
  return { ann, fileId, ref, preview, missing };
}

const contentOf = (caller: Caller, fileId: string, variant: string) =>
  caller.fetch(`/v1/files/${fileId}/content?variant=${variant}`);

const MAKING = [
  { name: "thumbnail", state: "making", reason: null },
  { name: "preview", state: "making", reason: null },
];

test("of a clean file, what isn't there is being made until the processor says otherwise", async () => {
  const { ann, fileId, ref, preview, missing } = await cleanText();
  expect(await getRecord(ann, fileId)).toMatchObject({ missingDerivatives: MAKING });
  const listed = (await (await ann.fetch("/v1/files")).json()) as { items: unknown[] };
  expect(listed.items).toMatchObject([{ id: fileId, missingDerivatives: MAKING }]);

  expect((await report(missing)).status).toBe(204);
  const none = { ...missing, name: "thumbnail", state: "none", reason: "There is nothing to see." };
  expect((await report(none)).status).toBe(204);
  const { missingDerivatives } = await getRecord(ann, fileId);
  expect(missingDerivatives).toEqual([
    { name: "thumbnail", state: "none", reason: "There is nothing to see." },
    { name: "preview", state: "failed", reason: "It took too long." },
  ]);
  expect(await askStanding(worker, ref)).toEqual({
    ...{ state: "clean", sniffedType: null, derivatives: [] },
    givenUp: expect.arrayContaining(["preview", "thumbnail"]),
    wishes: NO_WISHES,
  });

  // One that comes after all isn't missing any more, and a late word of its failure changes nothing.
  expect((await report(preview)).status).toBe(204);
  expect((await report(missing)).status).toBe(204);
  const { derivatives, missingDerivatives: left } = await getRecord(ann, fileId);
  expect([derivatives, left]).toMatchObject([[{ name: "preview" }], [{ name: "thumbnail" }]]);
});

test.each(["uploading", "quarantined", "infected", "unscannable"])(
  "of what is %s nothing is made, and nothing is taken",
  async (state) => {
    const { ann, fileId, ref, preview, missing } = await cleanText();
    const properties = { ...ref, kind: "properties", properties: { lines: 3 } };
    await setState(worker, fileId, state);
    for (const refused of [preview, missing, properties]) {
      expect(await readProblem(await report(refused))).toMatchObject({ status: 409, code: "REPORT_REFUSED" });
    }
    const record = await getRecord(ann, fileId);
    expect(record).toMatchObject({ derivatives: [], missingDerivatives: [], properties: {} });
  },
);

test("a derivative of what is clean no longer leaves no object behind", async () => {
  const { fileId, preview } = await cleanText();
  await worker.bucket.put(preview.objectKey, "<p>hello</p>");
  await setState(worker, fileId, "infected");
  expect((await report(preview)).status).toBe(409);
  expect(await worker.objectKeys(preview.objectKey)).toEqual([]);
});

test.each([
  ["another type", { mimeType: "image/webp" }],
  ["that of another extension", { mimeType: "application/pdf" }],
  ["more than it may have", { sizeBytes: 1024 * 1024 + 1 }],
])("a derivative in another form is refused: %s", async (_what, change) => {
  const { ann, fileId, preview } = await cleanText();
  const refused = await report({ ...preview, ...change });
  expect(await readProblem(refused)).toMatchObject({ status: 409, code: "REPORT_REFUSED" });
  expect(await getRecord(ann, fileId)).toMatchObject({ derivatives: [] });
  expect((await report(preview)).status).toBe(204);
});

test("properties are added to what is known", async () => {
  const { ann, fileId, ref } = await cleanText();
  const tell = (properties: object) => report({ ...ref, kind: "properties", properties });
  expect((await tell({ lines: 3, encoding: "utf-8" })).status).toBe(204);
  expect((await tell({ lines: 4 })).status).toBe(204);
  expect((await tell({ colour: "red" })).status).toBe(400);
  expect((await getRecord(ann, fileId)).properties).toEqual({ lines: 4, encoding: "utf-8" });
});

test("by every door, a variant that is being made is on its way, and one that isn't made isn't there", async () => {
  const { ann, fileId, missing } = await cleanText();
  const publicUrl = await publish(ann, fileId);
  const signed = await signUrl(ann, fileId, { variant: "preview" });
  expect(new URL(signed).pathname).toMatch(/\/notes-preview\.\w+$/);
  const doors = () => [
    contentOf(ann, fileId, "preview"),
    ann.fetch(`/v1/files/${fileId}/versions/1/content?variant=preview`),
    fetch(`${publicUrl}&variant=preview`),
    fetch(signed),
  ];
  for (const answer of await Promise.all(doors())) {
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([202, "2"]);
    expect(await readProblem(answer)).toMatchObject({ code: "VARIANT_BEING_MADE" });
  }
  await report(missing);
  for (const answer of await Promise.all(doors())) {
    const told = { status: 404, code: "VARIANT_NOT_FOUND", detail: "It took too long." };
    expect(await readProblem(answer)).toMatchObject(told);
  }
  const other = await readProblem(await contentOf(ann, fileId, "waveform"));
  expect(other).toMatchObject({ status: 404, code: "VARIANT_NOT_FOUND", detail: expect.any(String) });
});

test("a preview in HTML is shown where that is asked for, and can do nothing", async () => {
  const { ann, fileId, preview } = await cleanText();
  await worker.bucket.put(preview.objectKey, "<p>hello</p>");
  await report({ ...preview, sizeBytes: 12 });
  for (const disposition of ["inline", "attachment"]) {
    const answer = await fetch(await signUrl(ann, fileId, { variant: "preview", disposition }));
    expect(await answer.text()).toBe("<p>hello</p>");
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "content-disposition": `${disposition}; filename="notes-preview.html"`,
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      "x-content-type-options": "nosniff",
    });
  }
});

function retry(caller: Caller, fileId: string, body: object = {}): Promise<Response> {
  return caller.fetch(`/v1/files/${fileId}/derivatives`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

test("what failed is tried again when that is asked for; what there is nothing to make of isn't", async () => {
  const { ann, fileId, ref, missing } = await cleanText();
  while ((await takeJobs(worker.queues)).length > 0);
  await report({ ...missing, state: "none", name: "thumbnail" });
  await report(missing);
  expect((await retry(ann, fileId, { names: ["thumbnail"] })).status).toBe(202);
  expect(await askStanding(worker, ref)).toMatchObject({
    givenUp: expect.arrayContaining(["preview", "thumbnail"]),
    wishes: NO_WISHES,
  });
  expect(await auditOf(worker, fileId)).toEqual([]);
  for (const names of [["preview"], undefined]) {
    const answer = await retry(ann, fileId, { names });
    expect(answer.status).toBe(202);
    expect(await answer.json()).toMatchObject({
      missingDerivatives: [
        { name: "thumbnail", state: "none" },
        { name: "preview", state: "making" },
      ],
    });
    expect(await askStanding(worker, ref)).toMatchObject({ givenUp: ["thumbnail"] });
    await report(missing);
  }
  expect(await auditOf(worker, fileId)).toEqual(
    ["", ""].map(() => ({
      ...{ action: "derivatives.retried", actor_id: "ann", actor_kind: "member" },
      detail: { names: "preview" },
    })),
  );
  expect(await takeJobs(worker.queues)).toEqual(["", ""].map(() => expect.objectContaining({ fileId })));
});

test("what somebody is at isn't announced again, until that is long ago; then it may be tried again", async () => {
  const { ann, fileId } = await cleanText();
  while ((await takeJobs(worker.queues)).length > 0);
  await Promise.all(["", "", ""].map(() => retry(ann, fileId)));
  expect(await takeJobs(worker.queues)).toEqual([]);
  expect(await auditOf(worker, fileId)).toEqual([]);
  await worker.query("UPDATE file_versions SET announced_at_ms = 1 WHERE file_id = ?", fileId);
  expect(await readProblem(await contentOf(ann, fileId, "preview"))).toMatchObject({
    ...{ code: "VARIANT_NOT_FOUND", detail: "No answer came: it can be tried again." },
  });
  await Promise.all(["", "", ""].map(() => retry(ann, fileId)));
  expect(await takeJobs(worker.queues)).toHaveLength(1);
  expect(await auditOf(worker, fileId)).toHaveLength(1);
  expect(await getRecord(ann, fileId)).toMatchObject({ missingDerivatives: MAKING });
});

test("only who may change the file has it tried again", async () => {
  const { ann, fileId } = await cleanText();
  const { tenantId } = ann;
  await shareFile(worker, ann, fileId, "bob", "download");
  const bob = await newCaller({ stack: worker, tenantId, user: "bob" });
  expect(await readProblem(await retry(bob, fileId))).toMatchObject({ code: "PERMISSION_REQUIRED" });
  const stranger = await newCaller({ stack: worker });
  expect(await readProblem(await retry(stranger, fileId))).toMatchObject({ code: "FILE_NOT_FOUND" });
  const admin = await newAdmin(tenantId, worker);
  expect((await retry(admin, fileId)).status).toBe(202);
});

test("what the processor has no tool for is told, and degrades nothing else", async () => {
  const heartbeat = {
    ...{ kind: "heartbeat", processorId: "p1", scanner: "ok", scannerDetail: "Test." },
    ...{ signatureVersion: "1", queue: "ok", atMs: 1 },
  };
  const health = async () => (await fetch(new URL("/health", worker.url))).json();
  await report(heartbeat);
  await expect.poll(health).toMatchObject({ status: "ok", parts: { tools: { state: "ok" } } });
  const tools = [
    { name: "LibreOffice", state: "missing", detail: "Office documents have no preview." },
    { name: "ffmpeg", state: "ok", detail: "" },
  ];
  await report({ ...heartbeat, atMs: 2, tools });
  const detail = "LibreOffice is missing. Office documents have no preview.";
  await expect.poll(health).toMatchObject({ status: "ok", parts: { tools: { state: "down", detail } } });
});

test("of a document whose bytes tell only of its container, what is made is what its declared type has", async () => {
  const { ann, fileId } = await cleanText();
  const types = ["application/msword", "application/x-cfb"] as const;
  await worker.query(
    "UPDATE file_versions SET declared_type = ?, sniffed_type = ? WHERE file_id = ?",
    ...types,
    fileId,
  );
  const { missingDerivatives } = await getRecord(ann, fileId);
  expect(missingDerivatives.map(({ name }) => name)).toEqual(["thumbnail", "preview", "text"]);
  expect((await contentOf(ann, fileId, "preview")).status).toBe(202);
});
