import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { lookIntoSvg } from "../../../processor/content/text-document.ts";
import { lookIntoZip } from "../../../processor/content/zip-document.ts";
import { docx, odt } from "../../support/documents.ts";

/** Documents that are made to take long: each of them took from half a minute to half a day once. */

const directory = await mkdtemp(join(tmpdir(), "causeway-hostile-"));
afterAll(() => rm(directory, { recursive: true }));

async function kept(bytes: Uint8Array): Promise<string> {
  const path = join(directory, "original");
  await writeFile(path, bytes);
  return path;
}

const MIB = 2 ** 20;

test("a field in a hundred thousand empty pieces is looked at once", async () => {
  const pieces = "<instrText/> ".repeat(MIB / 13);
  const path = await kept(docx({ "word/document.xml": `<d>${pieces}<instrText>DDE</instrText></d>` }));
  expect(await lookIntoZip(path)).toMatchObject({ active: ["dde"], isComplete: true });
});

test("millions of elements are no more looked at than thousands", async () => {
  const content = Buffer.from("<object/>".repeat((8 * MIB) / 9));
  const parts = { "content.xml": content, "a.xml": content, "b.xml": content };
  expect(await lookIntoZip(await kept(odt(parts)))).toMatchObject({ active: [], isComplete: false });
});

test("a name of ten thousand folders is read once", async () => {
  const path = await kept(odt({ ["basic/".repeat(10_900)]: "" }));
  expect(await lookIntoZip(path)).toMatchObject({ active: [], isComplete: true });
});

test("an address that is one long entity is read once", async () => {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" to="&#${"a".repeat(4_000_000)}"/>`;
  expect(await lookIntoSvg(await kept(Buffer.from(svg)))).toMatchObject({ active: [] });
});
