import { beforeAll, expect, test, vi } from "vitest";
import { IMAGE_LIMITS, ImageDeriver } from "../../processor/derive/images.ts";
import { SpareChild } from "../../processor/derive/images/spare-child.ts";
import { ALL_TOOLS_MISSING } from "../../processor/derive/tools.ts";
import type { Sandbox } from "../../processor/sandbox/sandbox.ts";
import { picture } from "../support/images.ts";
import { derive } from "./support/derive.ts";
import { createSandboxes } from "./support/sandboxes.ts";
import { useScratchRoot } from "./support/scratch-root.ts";

let sandboxes: readonly Sandbox[];

beforeAll(async () => {
  sandboxes = await createSandboxes();
});

useScratchRoot();

/** Derives with a spare; `started` tells how many children were started for a picture that had come already. */
function deriverOf(sandbox: Sandbox, limits = IMAGE_LIMITS) {
  const run = vi.fn<Sandbox["run"]>(sandbox.run.bind(sandbox));
  const spare = new SpareChild(sandbox, limits);
  const deriver = new ImageDeriver({ run }, ALL_TOOLS_MISSING, limits, {
    draw: (work, task) => spare.draw(work, task),
  });
  const widthOf = async (bytes: Buffer, type = "image/png") =>
    (await derive(deriver, bytes, type)).properties.width;
  return { deriver, widthOf, spare, started: () => run.mock.calls.length };
}

test("each picture after the first is drawn by a child that waited, and by that one alone", async () => {
  for (const sandbox of sandboxes) {
    const { deriver, widthOf, spare, started } = deriverOf(sandbox);
    expect(await widthOf(await picture("png", 300, 200)), sandbox.rung).toBe(300);
    expect(await widthOf(await picture("png", 200, 100)), sandbox.rung).toBe(200);
    const broken = await derive(deriver, Buffer.from("no picture"), "image/jpeg");
    expect(broken.missing["thumbnail"], sandbox.rung).toMatchObject({ result: "failed" });
    const { made } = await derive(deriver, await picture("jpeg", 100, 50), "image/jpeg");
    expect([...made.keys()], sandbox.rung).toEqual(["thumbnail", "optimized"]);
    expect(started(), sandbox.rung).toBe(1);
    await spare.end();
  }
});

test("one that was killed while it waited costs no picture", async () => {
  const [sandbox] = sandboxes;
  if (sandbox === undefined) throw new Error("there is no sandbox");
  const { widthOf, spare, started } = deriverOf(sandbox);
  const prepared = vi.spyOn(sandbox, "prepare");
  await widthOf(await picture("png", 30, 20));
  await prepared.mock.results[0]?.value;
  sandbox.killAll();
  expect(await widthOf(await picture("png", 20, 10))).toBe(20);
  expect(started()).toBe(2);
  await spare.end();
  prepared.mockRestore();
});

test("its time begins with its picture", async () => {
  const [sandbox] = sandboxes;
  if (sandbox === undefined) throw new Error("there is no sandbox");
  const { deriver, spare, started } = deriverOf(sandbox, { ...IMAGE_LIMITS, timeMs: 1 });
  for (let times = 0; times < 2; times += 1) {
    const { missing } = await derive(deriver, await picture("png", 30, 20), "image/png");
    expect(missing["thumbnail"]).toMatchObject({ reason: "Drawing the image took too long." });
  }
  expect(started()).toBe(1);
  await spare.end();
});
