import sharp from "sharp";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { ImageDeriver } from "../../processor/derive/images.ts";
import { ALL_TOOLS_MISSING } from "../../processor/derive/tools.ts";
import { Sandbox } from "../../processor/sandbox/sandbox.ts";
import { animatedGif } from "../support/images.ts";
import { noisy, sparseGif } from "../support/photos.ts";
import { derive } from "./support/derive.ts";

let sandbox: Sandbox;
let deriver: ImageDeriver;

beforeAll(async () => {
  sandbox = await Sandbox.create();
  deriver = new ImageDeriver(sandbox, ALL_TOOLS_MISSING);
});

describe("an animation", () => {
  test.each(["gif", "webp"] as const)("stays one: %s", async (format) => {
    const gif = await animatedGif(300, 200, 5);
    const bytes = format === "gif" ? gif : await sharp(gif, { animated: true }).webp().toBuffer();
    const { made, properties } = await derive(deriver, bytes, `image/${format}`);
    expect(properties).toMatchObject({ frames: 5, width: 300, height: 200 });
    const optimized = await sharp(made.get("optimized"), { animated: true }).metadata();
    expect(optimized).toMatchObject({ pages: 5, width: 300, pageHeight: 200 });
    expect((await sharp(made.get("thumbnail"), { animated: true }).metadata()).pages ?? 1).toBe(1);
  });

  test.each([
    ["are drawn", 1_600, 1_400, 97],
    ["are read", 2_000, 1_750, 77],
  ])("with more pixels than %s is its first frame", async (_what, width, height, count) => {
    const gif = sparseGif(width, height, count);
    expect(gif.byteLength).toBeLessThan(2_500);
    const run = vi.fn<Sandbox["run"]>(async (...args) => sandbox.run(...args));
    const counting = new ImageDeriver({ run }, ALL_TOOLS_MISSING);
    const { made, missing, properties } = await derive(counting, gif, "image/gif");
    expect(run, "nobody tries what can't be").toHaveBeenCalledOnce();
    expect(missing).toEqual({});
    expect(properties).toMatchObject({ frames: count });
    const optimized = await sharp(made.get("optimized"), { animated: true }).metadata();
    expect(optimized).toMatchObject({ width: 1200, height: 1050 });
    expect(optimized.pages ?? 1).toBe(1);
  });
});

describe("under its limits", () => {
  const LIMITS = {
    ...{ timeMs: 60_000, memoryBytes: 1.5 * 2 ** 30, fileBytes: 2 ** 20 },
    ...{ scratchBytes: 2 ** 22, processes: 64 },
  };

  test("an animation that would be too large is its first frame", async () => {
    const frames = await Promise.all([1, 2, 3, 4].map(async () => (await noisy(200, 150)).png().toBuffer()));
    const gif = await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer();
    // For one of them it is enough.
    const limits = { ...LIMITS, fileBytes: 32 * 1024 };
    const { made, missing } = await derive(
      new ImageDeriver(sandbox, ALL_TOOLS_MISSING, limits),
      gif,
      "image/gif",
    );
    expect(missing).toEqual({});
    const optimized = await sharp(made.get("optimized"), { animated: true }).metadata();
    expect(optimized).toMatchObject({ width: 200, height: 150 });
    expect(optimized.pages ?? 1).toBe(1);
  });

  test("a small drawing of a hundred thousand million squares takes too long", async () => {
    const limits = { ...LIMITS, timeMs: 1_500 };
    const { missing } = await derive(
      new ImageDeriver(sandbox, ALL_TOOLS_MISSING, limits),
      Buffer.from(multipliedSvg(11)),
      "image/svg+xml",
    );
    const reason = "Drawing the image took too long.";
    expect(missing["thumbnail"]).toEqual({ result: "failed", reason });
  });

  /** Each of its groups is ten of the one before. */
  function multipliedSvg(levels: number): string {
    const groups = Array.from({ length: levels }, (_, level) => {
      return `<g id="a${level + 1}">${`<use href="#a${level}"/>`.repeat(10)}</g>`;
    });
    const defs = `<defs><rect id="a0" width="5" height="5"/>${groups.join("")}</defs>`;
    return `<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99">${defs}<use href="#a${levels}"/></svg>`;
  }
});
