import { rm } from "node:fs/promises";
import { expect, onTestFinished, test } from "vitest";
import { Health } from "#contract/api.ts";
import { findFreePort } from "../../scripts/dev/ports.ts";
import type { Stack } from "../../scripts/dev/stack.ts";
import { startStack } from "../../scripts/dev/stack.ts";
import { RUNTIME_STATE } from "../../scripts/dev/workers.ts";
import { getRecord, newCaller, readProblem, uploadFile, waitForVerdict } from "../support/api.ts";
import { newStateDirectory } from "../support/migrated-state.ts";
import { sha256Of } from "../support/sha256.ts";
import { slowArchive } from "../support/slow-archive.ts";
import { countVerdicts, scanUnderWay } from "../support/stack-state.ts";
import { newPlace } from "../support/started-stack.ts";

test("a processor that is killed in the middle of a job is started again, and the job is done, once", async () => {
  const place = await newPlace();
  const stack = await place.start();
  const caller = await newCaller({ stack });
  const archive = slowArchive();
  const fileId = await uploadFile(caller, archive, { filename: "archive.zip" });
  await scanUnderWay(place);
  const before = stack.processOf("processor/main.ts").pid;
  process.kill(before, "SIGKILL");
  expect(await getRecord(caller, fileId)).toMatchObject({ state: "quarantined" });

  const record = await waitForVerdict(caller, fileId);
  expect(record).toMatchObject({ state: "clean", sha256: sha256Of(archive) });
  expect(countVerdicts(place).get(fileId)).toBe(1);
  expect(stack.processOf("processor/main.ts").pid).not.toBe(before);
});

async function startOwnStack(): Promise<Stack> {
  const stateDirectory = await newStateDirectory("causeway-faults-", RUNTIME_STATE);
  onTestFinished(() => rm(stateDirectory, { recursive: true, force: true }));
  const port = await findFreePort();
  const stack = await startStack({ port, stateDirectory, withDemo: false, onLog: () => {} });
  onTestFinished(() => stack.stop());
  await stack.waitUntilHealthy(60_000);
  return stack;
}

test("while clamd is down, files wait unserved and /health says so; when it is back, they become clean", async () => {
  const stack = await startOwnStack();
  const { url, secrets } = stack;
  const caller = await newCaller({ stack: { url, jwtSecret: secrets.jwtSecret } });
  const health = async () => Health.parse(await (await caller.fetch("/health")).json());

  await stack.clamd.stop();
  const bytes = Buffer.from("waiting");
  const fileId = await uploadFile(caller, bytes);
  await expect.poll(health, { timeout: 10_000 }).toMatchObject({
    status: "degraded",
    parts: {
      scanner: { state: "down", detail: expect.stringMatching(/can be trusted now: files wait/) },
    },
  });
  // Alive, and nothing to send files to.
  const readiness = await caller.fetch("/ready");
  expect([readiness.status, readiness.headers.get("retry-after")]).toEqual([503, "15"]);
  expect(Health.parse(await readiness.json()).parts.scanner.state).toBe("down");
  expect((await caller.fetch("/health")).status).toBe(200);
  expect(await getRecord(caller, fileId)).toMatchObject({ state: "quarantined", verdict: null });
  const content = await caller.fetch(`/v1/files/${fileId}/content`);
  expect(await readProblem(content)).toMatchObject({ code: "FILE_NOT_READY" });
  const signing = await caller.fetch("/v1/signed-urls", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ items: [{ fileId }] }),
  });
  expect(await readProblem(signing)).toMatchObject({ code: "FILE_NOT_READY" });

  await stack.clamd.start();
  expect(await waitForVerdict(caller, fileId)).toMatchObject({ state: "clean", sha256: sha256Of(bytes) });
  await expect
    .poll(health, { timeout: 10_000 })
    .toMatchObject({ status: "ok", parts: { scanner: { state: "ok" } } });
  expect((await caller.fetch("/ready")).status).toBe(200);
});
