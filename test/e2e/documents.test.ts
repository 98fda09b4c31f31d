import { expect, test } from "vitest";
import { newCaller, signUrl, uploadFile, waitForRecord } from "../support/api.ts";
import { convertFlat, flatText } from "../support/office.ts";
import { makePdf } from "../support/pdfs.ts";

interface Expected {
  readonly bytes: () => Promise<Buffer>;
  readonly filename: string;
  readonly filetype: string;
  readonly variants: Readonly<Record<string, { readonly type: string; readonly shows: string }>>;
  readonly properties: object;
}

const DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const TEXT = { type: "text/plain; charset=utf-8", shows: "This is page 2" };

async function docx(): Promise<Buffer> {
  const [[, bytes] = []] = await convertFlat(flatText(2), ["docx"]);
  return bytes ?? Buffer.of();
}

test.each<Expected>([
  {
    ...{ bytes: docx, filename: "offer.docx", filetype: DOCX },
    variants: { text: TEXT, preview: { type: "application/pdf", shows: "%PDF-" } },
    properties: { pages: 2, title: "Offer 7" },
  },
  {
    bytes: async () => makePdf({ pages: 12, words: (page) => `This is page ${page}` }),
    ...{ filename: "offer.pdf", filetype: "application/pdf" },
    variants: { text: TEXT, reduced: { type: "application/pdf", shows: "%PDF-" } },
    properties: { pages: 12 },
  },
  {
    bytes: async () => Buffer.from("name,city\nAda,<b>London</b>\n"),
    ...{ filename: "people.csv", filetype: "text/csv" },
    variants: { preview: { type: "text/html; charset=utf-8", shows: "&lt;b&gt;London&lt;/b&gt;" } },
    properties: { encoding: "utf-8", lines: 2 },
  },
])("$filename has its thumbnail and what else is made of it", async (each) => {
  const caller = await newCaller();
  const { filename, filetype } = each;
  const fileId = await uploadFile(caller, await each.bytes(), { filename, filetype });
  const names = ["thumbnail", ...Object.keys(each.variants)].sort();
  const record = await waitForRecord(
    caller,
    fileId,
    ({ derivatives }) => derivatives.length === names.length,
  );
  expect(record.derivatives.map(({ name }) => name).sort()).toEqual(names);
  expect(record.properties).toMatchObject(each.properties);
  for (const [variant, { type, shows }] of Object.entries(each.variants)) {
    const answer = await fetch(await signUrl(caller, fileId, { variant, disposition: "inline" }));
    expect(answer.status, variant).toBe(200);
    expect(answer.headers.get("content-type")?.toLowerCase()).toBe(type);
    expect(await answer.text()).toContain(shows);
  }
});
