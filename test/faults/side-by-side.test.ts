import { expect, test } from "vitest";
import type { TenantId } from "#contract/ids.ts";
import {
  append,
  createUpload,
  fileIdOf,
  headOffset,
  newCaller,
  newTenantId,
  readProblem,
  TUS,
  uploadFile,
  waitForVerdict,
} from "../support/api.ts";
import { sha256Of } from "../support/sha256.ts";
import { newPlace } from "../support/started-stack.ts";
import { makeVideo } from "../support/video.ts";

type UploadUnderWay = Awaited<ReturnType<typeof startWithUpload>>;

/** A stack of its own, with an upload on it that isn't complete. */
async function startWithUpload(tenantId: TenantId) {
  const place = await newPlace();
  const stack = await place.start();
  const caller = await newCaller({ stack, tenantId });
  const bytes = makeVideo(7_000_000);
  const location = await createUpload(caller, bytes.byteLength, { filename: "film.mp4" });
  expect((await append(caller, location, 0, bytes.subarray(0, 6_000_000))).status).toBe(204);
  return { place, stack, caller, bytes, location };
}

async function finishUpload({ caller, bytes, location }: UploadUnderWay): Promise<void> {
  expect(await headOffset(caller, location)).toBe(6_000_000);
  expect((await append(caller, location, 6_000_000, bytes.subarray(6_000_000))).status).toBe(204);
  const record = await waitForVerdict(caller, fileIdOf(location));
  expect(record).toMatchObject({ state: "clean", sha256: sha256Of(bytes) });
}

test("two stacks run side by side and know nothing of each other; a third on what one of them has is refused", async () => {
  const tenantId = newTenantId();
  const [first, second] = await Promise.all([startWithUpload(tenantId), startWithUpload(tenantId)]);
  for (const [caller, { location }] of [
    [first.caller, second],
    [second.caller, first],
  ] as const) {
    const head = await caller.fetch(location, { method: "HEAD", headers: TUS });
    expect(head.status).toBe(404);
    const record = await caller.fetch(`/v1/files/${fileIdOf(location)}`);
    expect(await readProblem(record)).toMatchObject({ code: "FILE_NOT_FOUND" });
  }
  const headers = { authorization: `Bearer ${second.caller.token}` };
  expect((await first.caller.fetch("/v1/files", { headers })).status).toBe(401);
  expect((await second.caller.fetch("/v1/files", { headers })).status).toBe(200);
  await finishUpload(first);
  await expectOthersRefused(second);
});

/** A stack on the same state, or on the same port, is refused and harms nothing. */
async function expectOthersRefused(upload: UploadUnderWay): Promise<void> {
  const { place, stack } = upload;
  const sameState = await newPlace({ stateDirectory: place.stateDirectory });
  const samePort = await newPlace({ port: place.port });
  expect(await sameState.startInVain()).toMatchObject({
    exitCode: 1,
    stderr: `Another stack (process ${stack.pid}) uses ${place.stateDirectory}. Stop it, or set CAUSEWAY_STATE.\n`,
  });
  expect(await samePort.startInVain()).toMatchObject({
    exitCode: 1,
    stderr: `Port ${place.port} is in use. Set PORT to another one.\n`,
  });

  await finishUpload(upload);
  expect(await sameState.startInVain()).toMatchObject({ exitCode: 1 });
}

test("of stacks started on one state at the same time one works and the others are refused", async () => {
  const place = await newPlace();
  const others = await Promise.all([1, 2].map(() => newPlace({ stateDirectory: place.stateDirectory })));
  const started = await Promise.allSettled([place, ...others].map((each) => each.start()));
  const stacks = started.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const refusals = started.flatMap((each) => (each.status === "rejected" ? [String(each.reason)] : []));
  expect(refusals).toEqual(
    [1, 2].map(() => expect.stringMatching(/ended with 1:[\s\S]*Another stack \(process \d+\) uses/)),
  );
  const [stack] = stacks;
  if (stack === undefined) throw new Error("None was started.");
  const caller = await newCaller({ stack });
  const fileId = await uploadFile(caller, Buffer.from("one of them"));
  expect(await waitForVerdict(caller, fileId)).toMatchObject({ state: "clean" });
});
