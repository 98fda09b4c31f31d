import { expect } from "vitest";
import type { FileVersionList } from "#contract/versions.ts";
import { append, type Caller, createUpload, uploadFile, waitForVerdict } from "./api.ts";

/** A file of one version, found clean. */
export async function cleanFile(caller: Caller, text = "first", filename = "notes.txt"): Promise<string> {
  const fileId = await uploadFile(caller, Buffer.from(text), { filename });
  await waitForVerdict(caller, fileId);
  return fileId;
}

/** Uploads `bytes` as the next version and returns its number when it is checked. */
export async function replace(
  caller: Caller,
  fileId: string,
  bytes: Uint8Array,
  filename = "notes.txt",
): Promise<number> {
  const location = await createUpload(caller, bytes.byteLength, { filename, replaces: fileId });
  expect((await append(caller, location, 0, Buffer.from(bytes))).status).toBe(204);
  const version = Number(location.split("/").at(-2));
  await waitForVersion(caller, fileId, version);
  return version;
}

/** The newest of a file's versions, one page of them. */
export async function listVersions(caller: Caller, fileId: string): Promise<FileVersionList["items"]> {
  const answer = await caller.fetch(`/v1/files/${fileId}/versions`);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as FileVersionList).items;
}

/** Until a version is checked, whatever came of it. */
export async function waitForVersion(caller: Caller, fileId: string, version: number): Promise<void> {
  for (;;) {
    const found = (await listVersions(caller, fileId)).find((each) => each.version === version);
    if (found !== undefined && found.state !== "uploading" && found.state !== "quarantined") return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Makes a version the current one. */
export async function restore(caller: Caller, fileId: string, version: number): Promise<void> {
  const answer = await caller.fetch(`/v1/files/${fileId}/versions/${version}/restore`, { method: "POST" });
  expect(answer.status).toBe(200);
}

/** The text that a path answers. */
export async function contentOf(caller: Caller, path: string): Promise<string> {
  const answer = await caller.fetch(path);
  expect(answer.status).toBe(200);
  return answer.text();
}
