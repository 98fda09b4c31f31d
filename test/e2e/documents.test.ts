import { setTimeout as wait } from "node:timers/promises";
import sharp from "sharp";
import { expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { newCaller, signUrl, uploadFile, waitForRecord } from "../support/api.ts";
import { convertFlat, flatText } from "../support/office.ts";
import { makePdf } from "../support/pdfs.ts";

interface Expected {
  readonly bytes: () => Promise<Buffer>;
  readonly filename: string;
  readonly filetype: string;
  readonly variants: Readonly<Record<string, { readonly type: string; readonly shows: string }>>;
  readonly properties: Readonly<Record<string, string | number>> & { readonly pages?: number };
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
])(
  "$filename has its thumbnail, what else is made of it, and its pages when they are asked for",
  async (each) => {
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
    for (const width of each.properties.pages === undefined ? [] : [400, 1200]) {
      const answer = await drawnPage(caller, fileId, `page-2-${width}`);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "image/webp"]);
      const page = await sharp(await answer.arrayBuffer()).metadata();
      expect([page.width, page.height > width]).toEqual([width, true]);
    }
    for (const [variant, { type, shows }] of Object.entries(each.variants)) {
      const answer = await fetch(await signUrl(caller, fileId, { variant, disposition: "inline" }));
      expect(answer.status, variant).toBe(200);
      expect(answer.headers.get("content-type")?.toLowerCase()).toBe(type);
      expect(await answer.text()).toContain(shows);
    }
  },
);

/** Asked for again until it is there, as a page in a browser does. */
async function drawnPage(caller: Caller, fileId: string, variant: string): Promise<Response> {
  for (;;) {
    const answer = await caller.fetch(`/v1/files/${fileId}/content?variant=${variant}`);
    if (answer.status !== 202) return answer;
    await wait(25);
  }
}
