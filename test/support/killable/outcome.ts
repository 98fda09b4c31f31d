import { expect } from "vitest";
import { originalKey } from "#contract/keys.ts";
import { isFinalising } from "../../../worker/uploads/state/phases.ts";
import type { UploadState } from "../../../worker/uploads/state/upload-state.ts";
import { refOf } from "../../../worker/uploads/state/upload-state.ts";
import type { VersionRow } from "./disk.ts";
import { readJobs, readUploads, readVersions } from "./disk.ts";
import type { Content } from "./seeded.ts";
import { bytesAt } from "./seeded.ts";
import type { KillableStack } from "./stack.ts";

/** A file that must have come of an upload: the tenant's only one, where no id is known. */
export interface ExpectedFile {
  readonly tenantId: string;
  readonly fileId?: string;
  readonly content: Content;
}

export interface Outcome {
  readonly files: number;
  readonly sizeBytes: number;
  /** Jobs that were sent again: a queue delivers at least once. */
  readonly repeatedJobs: number;
  /** Objects of attempts that a kill cut off before they counted; each has a key of its own. */
  readonly supersededObjects: number;
}

/** An alarm rings 15 s after an upload became complete (TAKE_OVER_MS), and there may be many to finish. */
const FINALISED_WITHIN_MS = 60_000;

/** Waits until every file is recorded and announced, and compares all there is of each. */
export async function checkOutcome(
  stack: KillableStack,
  expected: readonly ExpectedFile[],
): Promise<Outcome> {
  await untilFinalised(stack);
  const versions = readVersions(stack.stateDirectory);
  const files = new Map<string, VersionRow>();
  for (const file of expected) {
    const version = onlyVersion(versions, file);
    const { objectKey } = version;
    await expectBytes(stack, objectKey ?? "", file.content);
    files.set(objectKey ?? "", version);
  }
  expect(files.size).toBe(expected.length);
  return {
    files: files.size,
    sizeBytes: expected.reduce((sum, { content }) => sum + content.sizeBytes, 0),
    repeatedJobs: checkJobs(stack, files),
    ...(await checkObjects(stack, files)),
  };
}

/** The one record of a file, which says that it is stored whole and waits for its check. */
function onlyVersion(versions: readonly VersionRow[], file: ExpectedFile): VersionRow {
  const { tenantId, fileId, content } = file;
  const [version, ...others] = versions.filter(
    (row) => row.tenantId === tenantId && (fileId === undefined || row.fileId === fileId),
  );
  expect(others).toEqual([]);
  if (version === undefined) throw new Error(`There is no record of ${fileId} of ${tenantId}.`);
  expect(version).toMatchObject({ state: "quarantined", sizeBytes: content.sizeBytes });
  return version;
}

/** Nothing but alarms drives those that a kill caught in finalise. */
async function untilFinalised({ stateDirectory }: KillableStack): Promise<void> {
  const finalising = () =>
    readUploads(stateDirectory)
      .filter(({ phase }) => isFinalising(phase))
      .map(({ fileId, phase, failures }) => ({ fileId, phase, failures }));
  await expect.poll(finalising, { interval: 250, timeout: FINALISED_WITHIN_MS }).toEqual([]);
}

/** The stored bytes are the file's, from the first to the last, and no more. */
async function expectBytes(stack: KillableStack, key: string, content: Content): Promise<void> {
  let at = 0;
  for await (const chunk of await stack.readObject(key)) {
    const isRight = bytesAt(content, at, chunk.byteLength).equals(chunk);
    expect(isRight, `${key} from ${at} to ${at + chunk.byteLength} of ${content.sizeBytes}`).toBe(true);
    at += chunk.byteLength;
  }
  expect(at, key).toBe(content.sizeBytes);
}

/** Every file was announced, however often, as what its record says. Returns how many announcements were one too many. */
function checkJobs({ stateDirectory }: KillableStack, files: ReadonlyMap<string, VersionRow>): number {
  const jobs = readJobs(stateDirectory);
  for (const { tenantId, fileId, objectKey, etag, sizeBytes } of jobs) {
    expect(files.get(objectKey)).toMatchObject({ tenantId, fileId, etag, sizeBytes });
  }
  expect(new Set(jobs.map(({ objectKey }) => objectKey))).toEqual(new Set(files.keys()));
  return jobs.length - files.size;
}

/** The bucket has each file once, and beside them only what a kill may leave. */
async function checkObjects(
  stack: KillableStack,
  files: ReadonlyMap<string, VersionRow>,
): Promise<Pick<Outcome, "supersededObjects">> {
  const objects = await stack.listObjects();
  const stored = objects.filter(({ key }) => files.has(key));
  expect(stored).toHaveLength(files.size);
  for (const { key, etag, size } of stored) expect(files.get(key)).toMatchObject({ etag, sizeBytes: size });
  const uploads = readUploads(stack.stateDirectory);
  const others = objects.filter(({ key }) => !files.has(key));
  const superseded = others.filter(({ key }) => uploads.some((upload) => wasAttemptOf(upload, key)));
  // Those of partials are gone: all were joined.
  expect(others.filter((other) => !superseded.includes(other))).toEqual([]);
  return { supersededObjects: superseded.length };
}

/** Whether an upload tried to store itself under `key`, and then did it under another. */
function wasAttemptOf(upload: UploadState, key: string): boolean {
  const attempts = Array.from({ length: upload.objectAttempts }, (_, index) =>
    originalKey(refOf(upload), index + 1),
  );
  return attempts.includes(key) && upload.objectKey !== key;
}
