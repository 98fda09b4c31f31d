import { z } from "zod";
import type { Exchange } from "./exchange.ts";
import { type Access, Recorder } from "./recorder.ts";

/** A CRM's afternoon: what the examples of docs/storage-api.md show is what this was answered. */

const Identified = z.object({ id: z.string() });
const Standing = z.object({
  state: z.string(),
  version: z.int(),
  missingDerivatives: z.array(z.object({ state: z.string() })),
});
const Tus = { "Tus-Resumable": "1.0.0" } as const;
const APPEND = "application/offset+octet-stream";
const OFFER = "item,price\nboat,2400\n";
const SECOND_OFFER = "item,price\nboat,2300\n";

/** Whether a version is checked, and what there is to make of it made. */
function isSettled(answer: unknown, awaited: number): boolean {
  const { state, version, missingDerivatives } = Standing.parse(answer);
  const isMade = missingDerivatives.every((missing) => missing.state !== "making");
  return version === awaited && state === "clean" && isMade;
}

function named(filename: string, type = "text/csv"): Record<string, string> {
  return { "Content-Type": type, "Content-Disposition": `attachment; filename="${filename}"` };
}

/** Makes it, by a tenant that has nothing yet. Throws where something isn't answered as it should be. */
export async function walk(access: Access): Promise<readonly Exchange[]> {
  const recorder = new Recorder(access);
  const fileId = await upload(recorder);
  await read(recorder, fileId);
  await share(recorder, fileId);
  await replace(recorder, fileId);
  await resume(recorder);
  await grant(recorder);
  await lookAfter(recorder);
  await remove(recorder, fileId);
  return recorder.exchanges;
}

async function upload(recorder: Recorder): Promise<string> {
  await recorder.ask("GET", "/v1/quota", { caller: "member", expected: 200 });
  await recorder.ask("GET", "/v1/upload-rules", { caller: "member", expected: 200 });
  const { answer } = await recorder.ask("POST", "/v1/files?entityType=contact&entityId=c-1042&tags=offer", {
    ...{ caller: "member", expected: 201 },
    ...{ headers: named("offer.csv"), body: OFFER },
  });
  const { id } = Identified.parse(answer);
  await recorder.askUntil(`/v1/files/${id}`, "member", (answer) => isSettled(answer, 1));
  return id;
}

async function read(recorder: Recorder, fileId: string): Promise<void> {
  const caller = "member";
  await recorder.ask("GET", `/v1/files/${fileId}/content`, { caller, expected: 200 });
  await recorder.ask("GET", "/v1/files?entityType=contact&entityId=c-1042&sort=name", {
    ...{ caller, expected: 200 },
  });
  const { answer } = await recorder.ask("POST", "/v1/signed-urls", {
    ...{ caller, expected: 200 },
    body: { items: [{ fileId, disposition: "inline", expiresInSeconds: 600 }] },
  });
  const [first] = z.object({ items: z.array(z.object({ url: z.string() })) }).parse(answer).items;
  const { pathname, search } = new URL(first?.url ?? "");
  await recorder.ask("GET", pathname + search, { expected: 200 });
  await recorder.ask("PATCH", `/v1/files/${fileId}`, {
    ...{ caller, expected: 200 },
    body: { filename: "offer of November.csv", tags: ["offer", "sent"] },
  });
  const items = [
    { entityType: "contact", entityId: "c-1042" },
    { entityType: "contact", entityId: "c-7" },
  ];
  await recorder.ask("POST", "/v1/entities/counts", { caller, expected: 200, body: { items } });
}

async function share(recorder: Recorder, fileId: string): Promise<void> {
  const caller = "member";
  const shares = `/v1/files/${fileId}/shares`;
  await recorder.ask("PUT", `${shares}/bob`, {
    ...{ caller, expected: 201 },
    body: { permission: "download" },
  });
  await recorder.ask("GET", shares, { caller, expected: 200 });
  await recorder.ask("DELETE", `${shares}/bob`, { caller, expected: 204 });
  const links = `/v1/files/${fileId}/share-links`;
  const { answer } = await recorder.ask("POST", links, {
    ...{ caller, expected: 201 },
    body: { expiresInSeconds: 86_400, maxDownloads: 5 },
  });
  await recorder.ask("GET", links, { caller, expected: 200 });
  await recorder.ask("DELETE", `${links}/${Identified.parse(answer).id}`, { caller, expected: 204 });
}

async function replace(recorder: Recorder, fileId: string): Promise<void> {
  const caller = "member";
  await recorder.ask("POST", `/v1/files?replaces=${fileId}`, {
    ...{ caller, expected: 201 },
    ...{ headers: named("offer.csv"), body: SECOND_OFFER },
  });
  await recorder.askUntil(`/v1/files/${fileId}`, caller, (answer) => isSettled(answer, 2));
  await recorder.ask("GET", `/v1/files/${fileId}/versions`, { caller, expected: 200 });
  await recorder.ask("GET", `/v1/files/${fileId}/versions/1/content`, { caller, expected: 200 });
  await recorder.ask("POST", `/v1/files/${fileId}/versions/1/restore`, { caller, expected: 200 });
  await recorder.ask("DELETE", `/v1/files/${fileId}/versions/2`, { caller, expected: 204 });
}

/** In two parts, as after a lost connection. */
async function resume(recorder: Recorder): Promise<void> {
  const caller = "member";
  await recorder.ask("OPTIONS", "/v1/uploads", { expected: 204 });
  const filename = Buffer.from("notes.txt").toString("base64");
  const { answerHeaders } = await recorder.ask("POST", "/v1/uploads", {
    ...{ caller, expected: 201 },
    headers: { ...Tus, "Upload-Length": "11", "Upload-Metadata": `filename ${filename}` },
  });
  const location = answerHeaders["location"] ?? "";
  const part = { ...Tus, "Content-Type": APPEND };
  await recorder.ask("PATCH", location, {
    ...{ caller, expected: 204 },
    ...{ headers: { ...part, "Upload-Offset": "0" }, body: "hello " },
  });
  await recorder.ask("HEAD", location, { caller, expected: 200, headers: Tus });
  await recorder.ask("PATCH", location, {
    ...{ caller, expected: 204 },
    ...{ headers: { ...part, "Upload-Offset": "6" }, body: "world" },
  });
}

async function grant(recorder: Recorder): Promise<void> {
  await recorder.ask("POST", "/v1/upload-grants", {
    ...{ caller: "service", expected: 201 },
    body: { userId: "ann", entityType: "contact", entityId: "c-1042", maxBytes: 10_485_760 },
  });
  await recorder.ask("POST", "/v1/entity-grants", {
    ...{ caller: "service", expected: 201 },
    body: { userId: "ann", entityType: "contact", entityId: "c-1042", allow: ["list", "download", "upload"] },
  });
}

async function lookAfter(recorder: Recorder): Promise<void> {
  await recorder.ask("GET", "/v1/admin/quarantine", { caller: "admin", expected: 200 });
  await recorder.ask("GET", "/v1/admin/failed-jobs", { caller: "admin", expected: 200 });
}

async function remove(recorder: Recorder, fileId: string): Promise<void> {
  const caller = "member";
  await recorder.ask("DELETE", `/v1/files/${fileId}`, { caller, expected: 204 });
  await recorder.ask("POST", `/v1/files/${fileId}/restore`, { caller, expected: 200 });
  await recorder.ask("POST", "/v1/files/bulk", {
    ...{ caller, expected: 200 },
    body: { action: "delete", fileIds: [fileId] },
  });
  await recorder.ask("GET", `/v1/admin/audit?fileId=${fileId}&limit=2`, { caller: "admin", expected: 200 });
  await recorder.ask("GET", `/v1/files/${fileId}`, { caller: "colleague", expected: 404 });
}
