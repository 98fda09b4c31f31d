import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { Health } from "#contract/api.ts";
import type { Caller, StackAccess } from "../support/api.ts";
import {
  APPEND,
  append,
  createUpload,
  fileIdOf,
  getRecord,
  headOffset,
  newCaller,
  uploadFile,
  waitForRecord,
  waitForVerdict,
} from "../support/api.ts";
import { photoWithGps } from "../support/images.ts";
import { openRequest } from "../support/raw-request.ts";
import { runs } from "../support/runs.ts";
import { sha256Of } from "../support/sha256.ts";
import { slowArchive } from "../support/slow-archive.ts";
import { breakWrites, countVerdicts, scanUnderWay } from "../support/stack-state.ts";
import { newPlace } from "../support/started-stack.ts";
import { makeVideo } from "../support/video.ts";

const MIB = 1024 * 1024;

interface Transfer {
  readonly place: string;
  readonly bytes: Buffer<ArrayBuffer>;
  readonly location: string;
  acknowledgedBytes: number;
  /** Including what a PATCH that is still under way has brought. */
  sentBytes: number;
}

async function beginTransfer(caller: Caller, place: string, sizeBytes: number): Promise<Transfer> {
  const location = await createUpload(caller, sizeBytes, { filename: "film.mp4", filetype: "video/mp4" });
  return { place, bytes: makeVideo(sizeBytes), location, acknowledgedBytes: 0, sentBytes: 0 };
}

async function appendNext(caller: Caller, transfer: Transfer, sizeBytes: number): Promise<void> {
  const { location, bytes, acknowledgedBytes: from } = transfer;
  const answer = await append(caller, location, from, bytes.subarray(from, from + sizeBytes));
  expect(answer.status, transfer.place).toBe(204);
  transfer.acknowledgedBytes = Number(answer.headers.get("upload-offset"));
  transfer.sentBytes = transfer.acknowledgedBytes;
  expect(transfer.acknowledgedBytes, transfer.place).toBe(Math.min(from + sizeBytes, bytes.byteLength));
}

/** Sends the first `sentBytes` of a PATCH of `declaredBytes`, and leaves it at that. */
async function appendHalf(
  { url }: StackAccess,
  caller: Caller,
  transfer: Transfer,
  [sentBytes, declaredBytes]: readonly [number, number],
): Promise<void> {
  const { location, bytes, acknowledgedBytes: from } = transfer;
  const request = await openRequest(new URL(location, url), "PATCH", {
    ...APPEND,
    authorization: `Bearer ${caller.token}`,
    "upload-offset": String(from),
    "content-length": String(declaredBytes),
  });
  transfer.sentBytes = from + sentBytes;
  await request.write(bytes.subarray(from, transfer.sentBytes));
}

/** HEAD's offset is true: nothing that was acknowledged is missing, nothing is claimed that was never sent. */
async function expectTrueOffset(caller: Caller, transfer: Transfer): Promise<void> {
  const offset = await headOffset(caller, transfer.location);
  expect(offset, transfer.place).toBeGreaterThanOrEqual(transfer.acknowledgedBytes);
  expect(offset, transfer.place).toBeLessThanOrEqual(transfer.sentBytes);
  transfer.acknowledgedBytes = offset;
  transfer.sentBytes = offset;
}

async function finish(caller: Caller, transfer: Transfer): Promise<void> {
  const { bytes, location, place } = transfer;
  while (transfer.acknowledgedBytes < bytes.byteLength) await appendNext(caller, transfer, 8 * MIB);
  const record = await waitForVerdict(caller, fileIdOf(location));
  expect(record, place).toMatchObject({
    state: "clean",
    sizeBytes: bytes.byteLength,
    sha256: sha256Of(bytes),
  });
}

/** What was acknowledged of each upload before the kill, and the PATCH under way: how much was sent, of how much. */
const PLACES = [
  {
    place: "many parts, and in the next",
    sizeBytes: 19_000_000,
    acknowledged: [5 * MIB, 5 * MIB],
    half: [3 * MIB, 5 * MIB],
  },
  {
    place: "the last byte sent, but not acknowledged",
    sizeBytes: 10_000_000,
    acknowledged: [6_000_000],
    half: [4_000_000, 4_000_000],
  },
  { place: "in the tail", sizeBytes: 10_000_000, acknowledged: [3 * MIB], half: [MIB, 3 * MIB] },
  { place: "nothing sent", sizeBytes: MIB, acknowledged: [] },
  { place: "between two parts", sizeBytes: 17_500_000, acknowledged: [8 * MIB, 8 * MIB] },
  {
    place: "a part and a tail, and over the next part",
    sizeBytes: 19_500_000,
    acknowledged: [9_000_001, 1],
    half: [9_000_000, 10_000_000],
  },
  {
    place: "one PATCH of many parts",
    sizeBytes: 30_000_000,
    acknowledged: [],
    half: [20_000_000, 30_000_000],
  },
] as const satisfies readonly {
  place: string;
  sizeBytes: number;
  acknowledged: readonly number[];
  half?: readonly [number, number];
}[];

const TRIED_PLACES = PLACES.slice(0, runs(4, PLACES.length));

/** Three starts, and much through the scanner: half a minute when others use the cores too, and they may use more. */
const LONG_TEST_MS = 240_000;

test(
  "uploads that were under way when everything was killed go on, twice, and arrive as they are",
  async () => {
    const place = await newPlace();
    let stack = await place.start();
    const caller = await newCaller({ stack });
    const transfers = await Promise.all(
      TRIED_PLACES.map(async ({ place: name, sizeBytes, acknowledged, ...rest }) => {
        const transfer = await beginTransfer(caller, name, sizeBytes);
        for (const appendBytes of acknowledged) await appendNext(caller, transfer, appendBytes);
        return { transfer, half: "half" in rest ? rest.half : undefined };
      }),
    );
    for (const { transfer, half } of transfers) {
      if (half !== undefined) await appendHalf(stack, caller, transfer, half);
    }
    await stack.kill();

    stack = await place.start();
    for (const { transfer } of transfers) {
      await expectTrueOffset(caller, transfer);
      if (transfer.bytes.byteLength - transfer.acknowledgedBytes > 4 * MIB)
        await appendNext(caller, transfer, 2 * MIB + 1);
      await appendHalf(stack, caller, transfer, [
        MIB / 2,
        transfer.bytes.byteLength - transfer.acknowledgedBytes,
      ]);
    }
    await stack.kill();

    stack = await place.start();
    await Promise.all(
      transfers.map(async ({ transfer }) => {
        await expectTrueOffset(caller, transfer);
        await finish(caller, transfer);
      }),
    );
    expect([...countVerdicts(place).values()]).toEqual(TRIED_PLACES.map(() => 1));
  },
  LONG_TEST_MS,
);

/** Uploads one small file after the other until the stack is gone. Returns those whose last byte was acknowledged. */
async function uploadUntilKilled(caller: Caller): Promise<Map<string, Buffer>> {
  const acknowledged = new Map<string, Buffer>();
  for (;;) {
    const bytes = randomBytes(1000);
    const fileId = await uploadFile(caller, bytes).catch(() => undefined);
    if (fileId === undefined) return acknowledged;
    acknowledged.set(fileId, bytes);
  }
}

test("files that were complete, queued or in the scanner when everything was killed become clean, once", async () => {
  const place = await newPlace();
  const stack = await place.start();
  const caller = await newCaller({ stack });
  const archive = slowArchive();
  const scanned = await uploadFile(caller, archive, { filename: "archive.zip" });
  const uploading = [uploadUntilKilled(caller), uploadUntilKilled(caller)];
  await scanUnderWay(place);
  expect(await getRecord(caller, scanned)).toMatchObject({ state: "quarantined" });
  const lastBytes = makeVideo(10_000_000);
  const last = await uploadFile(caller, lastBytes, { filename: "film.mp4" });
  await stack.kill();
  const acknowledged = new Map((await Promise.all(uploading)).flatMap((files) => [...files]));
  acknowledged.set(scanned, archive).set(last, lastBytes);

  await place.start();
  for (const [fileId, bytes] of acknowledged) {
    const record = await waitForVerdict(caller, fileId);
    expect(record).toMatchObject({ state: "clean", sha256: sha256Of(bytes) });
  }
  const processorPart = async () =>
    Health.parse(await (await caller.fetch("/health")).json()).parts.processor;
  // Who was killed doesn't count any more.
  await expect.poll(processorPart, { timeout: 3_000 }).toEqual({ state: "ok", detail: "1 running." });
  const verdicts = countVerdicts(place);
  expect(new Map([...acknowledged.keys()].map((fileId) => [fileId, verdicts.get(fileId)]))).toEqual(
    new Map([...acknowledged.keys()].map((fileId) => [fileId, 1])),
  );
  await expectNothingHalfDone(caller);
});

/** What was never acknowledged is either still an upload with bytes to come, or goes the way of a complete one. */
async function expectNothingHalfDone(caller: Caller): Promise<void> {
  const answer = await caller.fetch("/v1/files?limit=200&state=uploading");
  const { items } = (await answer.json()) as { items: { id: string }[] };
  for (const { id } of items) {
    const offset = await headOffset(caller, `/v1/uploads/${id}`);
    if (offset === 1000) expect(await waitForVerdict(caller, id)).toMatchObject({ state: "clean" });
  }
}

/** The steps after the last byte, each by the part of Cloudflare's that it needs; the last first, so that all can be held. */
const STEPS = [
  { needs: "queue", state: "quarantined" },
  { needs: "d1", state: "uploading" },
  { needs: "r2", state: "uploading" },
] as const;

test("what was killed before it was stored, recorded or announced goes on by itself, and so does a picture found clean", async () => {
  const place = await newPlace();
  const stack = await place.start();
  const caller = await newCaller({ stack });
  const photo = await photoWithGps(4000, 3000);
  const photoId = await uploadFile(caller, photo, { filename: "photo.jpg" });
  expect(await waitForVerdict(caller, photoId)).toMatchObject({ state: "clean" });
  const transfers = await Promise.all(
    STEPS.map(async (step) => ({ ...step, transfer: await beginTransfer(caller, step.needs, 3_000_000) })),
  );
  const mends = [];
  for (const { needs, state, transfer } of transfers) {
    mends.push(breakWrites(place, needs));
    await appendNext(caller, transfer, transfer.bytes.byteLength);
    expect(await getRecord(caller, fileIdOf(transfer.location)), needs).toMatchObject({ state });
  }
  await stack.kill();
  for (const mend of mends) mend();

  await place.start();
  for (const { needs, transfer } of transfers) {
    const record = await waitForVerdict(caller, fileIdOf(transfer.location));
    expect(record, needs).toMatchObject({ state: "clean", sha256: sha256Of(transfer.bytes) });
  }
  const record = await waitForRecord(caller, photoId, ({ derivatives }) => derivatives.length === 2);
  expect(record).toMatchObject({ state: "clean", sha256: sha256Of(photo) });
  expect([...countVerdicts(place).values()]).toEqual([1, 1, 1, 1]);
});
