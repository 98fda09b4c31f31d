import { beforeAll, expect, test } from "vitest";
import { FileVersionRef } from "#contract/ids.ts";
import { derivativeKey } from "#contract/keys.ts";
import type { PageImageName } from "#contract/page-images.ts";
import type { Caller } from "../support/api.ts";
import { getRecord, newCaller, readProblem, signUrl } from "../support/api.ts";
import { publish, setState, uploadClean } from "../support/file-states.ts";
import { takeJobs } from "../support/queued-jobs.ts";
import { askStanding, sendReport } from "../support/reports.ts";
import { useWorkerAlone } from "../support/worker-alone.ts";

/** What is made where somebody asks for it, by a processor that the test plays. */
const worker = useWorkerAlone();

beforeAll(async () => {
  while ((await takeJobs(worker.queues)).length > 0);
});

/** A clean PDF of three pages, of which everything else is made. */
async function cleanPdf(sniffedType = "application/pdf") {
  const ann = await newCaller({ stack: worker });
  const fileId = await uploadClean(worker, ann, Buffer.from("%PDF-"), { filename: "offer.pdf" });
  await worker.query("UPDATE file_versions SET sniffed_type = ? WHERE file_id = ?", sniffedType, fileId);
  const ref = FileVersionRef.parse({ tenantId: ann.tenantId, fileId, version: 1 });
  await sendReport(worker, { ...ref, kind: "properties", properties: { pages: 3 } });
  await takeJobs(worker.queues);
  return { ann, fileId, ref };
}

const PAGE = "page-2-400" satisfies PageImageName;

const contentOf = (caller: Caller, fileId: string, variant: string = PAGE) =>
  caller.fetch(`/v1/files/${fileId}/content?variant=${variant}`);

function drawn(ref: FileVersionRef, name: PageImageName = PAGE) {
  const objectKey = derivativeKey(ref, name, "webp");
  const facts = { mimeType: "image/webp", sizeBytes: 5, width: 400, height: 566 };
  return { ...ref, kind: "derivative", name, objectKey, ...facts };
}

const derivedBytes = async (tenantId: string) =>
  (await worker.query("SELECT derivatives_bytes FROM tenants WHERE tenant_id = ?", tenantId))[0];

test("asked for by many at once and by every door, a page is drawn once, and kept", async () => {
  const { ann, fileId, ref } = await cleanPdf();
  const publicUrl = await publish(ann, fileId);
  const signed = await signUrl(ann, fileId, { variant: PAGE });
  expect(new URL(signed).pathname).toMatch(/\/offer-page-2-400\.webp$/);
  const publicDoor = () => fetch(`${publicUrl}&variant=${PAGE}`);
  const doors = () => [
    contentOf(ann, fileId),
    ann.fetch(`/v1/files/${fileId}/versions/1/content?variant=${PAGE}`),
    fetch(signed),
    contentOf(ann, fileId),
  ];
  // Anybody may look at what is there, and have nothing drawn.
  expect(await readProblem(await publicDoor())).toMatchObject({ status: 404, code: "VARIANT_NOT_FOUND" });
  expect(await takeJobs(worker.queues)).toEqual([]);
  for (const answer of await Promise.all(doors())) {
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([202, "1"]);
    expect(await readProblem(answer)).toMatchObject({ code: "VARIANT_BEING_MADE" });
  }
  expect(await takeJobs(worker.queues)).toEqual([
    {
      kind: "page",
      ...ref,
      name: PAGE,
      ...{ objectKey: expect.any(String), etag: expect.any(String) },
      sizeBytes: 5,
    },
  ]);

  const hasPage = async () => (await askStanding(worker, ref, { page: PAGE })).hasPage;
  expect(await hasPage()).toBe(false);
  const report = drawn(ref);
  await worker.bucket.put(report.objectKey, "image");
  expect((await sendReport(worker, report)).status).toBe(204);
  expect(await hasPage()).toBe(true);
  for (const answer of await Promise.all([...doors(), publicDoor()])) {
    expect([answer.status, await answer.text()]).toEqual([200, "image"]);
    expect(answer.headers.get("content-type")).toBe("image/webp");
  }
  expect(await takeJobs(worker.queues)).toEqual([]);
  // It is counted with what is made, and isn't listed there: a file may have a thousand.
  expect(await derivedBytes(ann.tenantId)).toEqual({ derivatives_bytes: 5 });
  expect(await getRecord(ann, fileId)).toMatchObject({ derivatives: [] });
  expect(await askStanding(worker, ref)).toMatchObject({ derivatives: [], givenUp: [] });
});

test.each([
  ["page-4-400", "application/pdf", 404, "The document has 3 pages."],
  ["page-501-400", "application/pdf", 404, "Only the first 500 pages are drawn."],
  [PAGE, "image/png", 404, "Files of this type have no pages that can be drawn."],
  ["page-0-400", "application/pdf", 400, undefined],
  ["page-2-401", "application/pdf", 400, undefined],
])("there is no %s of three pages of %s", async (variant, type, status, detail) => {
  const { ann, fileId } = await cleanPdf(type);
  const refused = await readProblem(await contentOf(ann, fileId, variant));
  const code = status === 404 ? "VARIANT_NOT_FOUND" : "REQUEST_INVALID";
  expect(refused).toMatchObject({ status, code, ...(detail === undefined ? {} : { detail }) });
  expect(await takeJobs(worker.queues)).toEqual([]);
});

test("an Office document's pages are those of its preview, once that is there", async () => {
  const { ann, fileId, ref } = await cleanPdf("application/rtf");
  expect((await contentOf(ann, fileId)).status).toBe(202);
  expect(await takeJobs(worker.queues)).toEqual([]);
  const previewKey = derivativeKey(ref, "preview", "pdf");
  const preview = { ...drawn(ref), name: "preview", objectKey: previewKey, mimeType: "application/pdf" };
  expect((await sendReport(worker, preview)).status).toBe(204);
  expect((await contentOf(ann, fileId)).status).toBe(202);
  expect(await takeJobs(worker.queues)).toMatchObject([{ kind: "page", name: PAGE, previewKey }]);
});

test("what could not be drawn is told, and tried again later; what was lost on the way too", async () => {
  const { ann, fileId, ref } = await cleanPdf();
  const missing = {
    ...ref,
    kind: "missing-derivative",
    name: PAGE,
    state: "failed",
    reason: "It is damaged.",
  };
  const shift = (table: string, column: string) =>
    worker.query(`UPDATE ${table} SET ${column} = ${column} - 1000000 WHERE file_id = ?`, fileId);
  const jobs = async () => (await takeJobs(worker.queues)).length;

  await contentOf(ann, fileId);
  expect(await jobs()).toBe(1);
  await shift("derivatives", "created_at_ms");
  expect([(await contentOf(ann, fileId)).status, await jobs()]).toEqual([202, 1]);
  await shift("derivatives", "created_at_ms");
  expect((await sendReport(worker, missing)).status).toBe(204);
  const refused = { status: 404, code: "VARIANT_NOT_FOUND", detail: "It is damaged." };
  expect(await readProblem(await contentOf(ann, fileId))).toMatchObject(refused);
  expect(await jobs()).toBe(0);
  await shift("missing_derivatives", "at_ms");
  expect([(await contentOf(ann, fileId)).status, await jobs()]).toEqual([202, 1]);
});

test("of one document eight pages are on their way at most; who asks for more waits as they do", async () => {
  const { ann, fileId, ref } = await cleanPdf();
  await sendReport(worker, { ...ref, kind: "properties", properties: { pages: 20 } });
  const ask = async (page: number) => (await contentOf(ann, fileId, `page-${page}-400`)).status;
  const asked = [];
  for (let page = 1; page <= 10; page += 1) asked.push(await ask(page));
  expect(asked).toEqual(Array(10).fill(202));
  const names = async (): Promise<readonly unknown[]> => {
    const jobs = (await takeJobs(worker.queues)) as readonly { name?: string }[];
    return jobs.length === 0 ? [] : [...jobs.map(({ name }) => name), ...(await names())];
  };
  expect(await names()).toEqual(Array.from({ length: 8 }, (_, index) => `page-${index + 1}-400`));
  expect((await sendReport(worker, drawn(ref, "page-3-400"))).status).toBe(204);
  expect([await ask(9), await ask(10)]).toEqual([202, 202]);
  expect(await names()).toEqual(["page-9-400"]);
});

test("a page that is on its way goes with what is blocked or removed, and none of it is left", async () => {
  const { ann, fileId, ref } = await cleanPdf();
  await contentOf(ann, fileId);
  await setState(worker, fileId, "infected");
  expect((await contentOf(ann, fileId)).status).toBe(403);
  const report = drawn(ref);
  await worker.bucket.put(report.objectKey, "image");
  expect(await readProblem(await sendReport(worker, report))).toMatchObject({ code: "REPORT_REFUSED" });
  expect(await worker.objectKeys(report.objectKey)).toEqual([]);
  await ann.fetch(`/v1/files/${fileId}/purge`, { method: "POST" });
  expect(await derivedBytes(ann.tenantId)).toEqual({ derivatives_bytes: 0 });
});

test("of an image from before its tenant's wish for AVIF there is none, which can be made", async () => {
  const { ann, fileId, ref } = await cleanPdf("image/png");
  const missing = async () => (await getRecord(ann, fileId)).missingDerivatives.map((each) => each.name);
  const sendMade = async (name: "optimized" | "optimized-avif", extension: string) => {
    const form = { objectKey: derivativeKey(ref, name, extension), mimeType: `image/${extension}` };
    expect((await sendReport(worker, { ...drawn(ref), name, ...form })).status).toBe(204);
  };
  expect(await missing()).toEqual(["thumbnail", "optimized"]);
  const settings = JSON.stringify({ avifDerivatives: true });
  await worker.query("UPDATE tenants SET settings = ? WHERE tenant_id = ?", settings, ann.tenantId);
  expect(await missing()).toEqual(["thumbnail", "optimized", "optimized-avif"]);
  expect((await contentOf(ann, fileId, "optimized-avif")).status).toBe(202);
  expect(await askStanding(worker, ref)).toMatchObject({ wishes: { avifDerivatives: true } });

  await sendMade("optimized", "webp");
  expect(await readProblem(await contentOf(ann, fileId, "optimized-avif"))).toMatchObject({ status: 404 });
  const body = JSON.stringify({ names: ["optimized-avif"] });
  const init = { method: "POST", headers: { "content-type": "application/json" }, body };
  expect((await ann.fetch(`/v1/files/${fileId}/derivatives`, init)).status).toBe(202);
  expect(await takeJobs(worker.queues)).toMatchObject([{ kind: "process", fileId }]);
  await sendMade("optimized-avif", "avif");
  expect(await missing()).toEqual(["thumbnail"]);
});
