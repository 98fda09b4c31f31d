import sharp from "sharp";
import { expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import {
  createUpload,
  fileIdOf,
  getRecord,
  newCaller,
  readProblem,
  signUrl,
  uploadFile,
  waitForRecord,
  waitForVerdict,
} from "../support/api.ts";
import { eicar, zip } from "../support/eicar.ts";
import { photoWithGps } from "../support/images.ts";

async function expectUnreachable(caller: Caller, fileId: string, code: string): Promise<void> {
  for (const variant of ["original", "thumbnail", "optimized", "preview", "poster"]) {
    for (const method of ["GET", "HEAD"]) {
      const answer = await caller.fetch(`/v1/files/${fileId}/content?variant=${variant}`, { method });
      expect(answer.ok, `${method} ${variant}`).toBe(false);
      if (method === "GET") expect(await readProblem(answer)).toMatchObject({ code });
    }
    const signing = await caller.fetch("/v1/signed-urls", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ items: [{ fileId, variant }] }),
    });
    expect(await readProblem(signing)).toMatchObject({ code });
  }
}

test.each([
  ["as it is", () => eicar(), "readme.txt"],
  ["in a zip archive", () => zip([{ name: "a.txt", content: eicar() }]), "archive.zip"],
])("malware %s is found and no byte of it is ever served", async (_how, make, filename) => {
  const caller = await newCaller();
  const fileId = await uploadFile(caller, make(), { filename });
  const record = await waitForVerdict(caller, fileId);
  expect(record).toMatchObject({
    state: "infected",
    verdict: { verdict: "infected", signatureName: expect.stringMatching(/eicar/i) },
    derivatives: [],
  });
  await expectUnreachable(caller, fileId, "FILE_BLOCKED");
  await expectUnreachable(
    await newCaller({ tenantId: caller.tenantId, role: "admin" }),
    fileId,
    "FILE_BLOCKED",
  );
});

test("a file that is still being uploaded is not served", async () => {
  const caller = await newCaller();
  await expectUnreachable(caller, fileIdOf(await createUpload(caller, 10)), "FILE_NOT_READY");
});

test("a photo gets a thumbnail and an optimised image, upright and without its place and camera", async () => {
  const caller = await newCaller();
  const photo = await photoWithGps(1600, 900);
  const fileId = await uploadFile(caller, photo, { filename: "IMG_0001.jpg", filetype: "image/jpeg" });
  const record = await waitForRecord(caller, fileId, ({ derivatives }) => derivatives.length === 2);
  expect(record).toMatchObject({ state: "clean", mimeType: "image/jpeg" });
  const sizes = Object.fromEntries(
    record.derivatives.map(({ name, width, height }) => [name, [width, height]]),
  );
  // Stored lying down, shown standing: 900 × 1600 within 1200.
  expect(sizes).toEqual({ thumbnail: [150, 150], optimized: [675, 1200] });

  for (const variant of ["thumbnail", "optimized"]) {
    const answer = await fetch(await signUrl(caller, fileId, { variant, disposition: "inline" }));
    expect(answer.headers.get("content-type")).toBe("image/webp");
    expect(answer.headers.get("content-disposition")).toMatch(/^inline; filename="IMG_0001-\w+\.webp"$/);
    const metadata = await sharp(await answer.arrayBuffer()).metadata();
    expect([metadata.width, metadata.height]).toEqual(sizes[variant]);
    expect(metadata.exif).toBeUndefined();
    expect(metadata.orientation ?? 1).toBe(1);
  }
  expect(await getRecord(caller, fileId)).toMatchObject({ state: "clean" });
});
