import type { DerivativeName } from "#contract/derivatives.ts";
import { DERIVATIVE_FORMS } from "#contract/derivatives.ts";
import { ProcessorFailure } from "../failure.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { Deriver, Original, Product } from "./deriver.ts";
import { bringText } from "./documents/pdf-text.ts";
import { type Work, writeScratch } from "./documents/run-tool.ts";
import { makeThumbnail } from "./documents/thumbnail.ts";
import { failAll } from "./products.ts";
import { drawText } from "./text/drawing.ts";
import { renderTable, renderText } from "./text/page.ts";
import { readText, type ReadText } from "./text/read-text.ts";
import { readTable } from "./text/table.ts";
import type { Tools } from "./tools.ts";

const MAX_ORIGINAL_BYTES = 100 * 2 ** 20;
/** What is shown; as a page it is less than 1 MiB, whatever has to be escaped in it. */
const HEAD_BYTES = 64 * 1024;
const MAX_LINES = 2_000;

/**
 * Makes a page and a thumbnail of a text. Reading is done right here: decoding, and finding fields, of 64 KiB. It has the
 * lane of images: it draws one, and is done while LibreOffice is still getting up.
 */
export class TextDeriver implements Deriver {
  readonly lane = "image";
  readonly kinds = ["text"] as const;
  readonly needs = [];
  readonly maxOriginalBytes = MAX_ORIGINAL_BYTES;
  readonly #sandbox: Pick<Sandbox, "run">;
  readonly #tools: Tools;

  constructor(sandbox: Pick<Sandbox, "run">, tools: Tools) {
    this.#sandbox = sandbox;
    this.#tools = tools;
  }

  async *make(
    { type, path, scratch }: Original,
    wanted: ReadonlySet<DerivativeName>,
    signal: AbortSignal,
  ): AsyncGenerator<Product, void> {
    const work: Work = { sandbox: this.#sandbox, scratch, signal };
    const text = await readText(path, HEAD_BYTES);
    if (text === undefined) return yield* failAll(wanted, "The file isn't text.");
    const { encoding, lines } = text;
    yield { result: "properties", properties: { encoding, lines } };
    if (wanted.has("preview")) yield await makePage(work, type, text);
    if (wanted.has("text")) yield await bringText(work, Buffer.from(text.head));
    if (wanted.has("thumbnail")) yield await this.#draw(work, text.head);
  }

  async #draw(work: Work, head: string): Promise<Product> {
    const state = this.#tools.stateOf("fonts");
    if (state === "installing") throw new ProcessorFailure("TOOL_INSTALLING");
    if (state === "missing") {
      const reason = "There are no fonts where files are processed.";
      return { result: "failed", name: "thumbnail", reason };
    }
    await writeScratch(work.scratch, "page.svg", drawText(head));
    return makeThumbnail(work, "page.svg");
  }
}

async function makePage({ scratch }: Work, type: string, text: ReadText): Promise<Product> {
  const form = DERIVATIVE_FORMS.preview.find(({ extension }) => extension === "html");
  if (form === undefined) throw new Error("No preview is a page.");
  const path = await writeScratch(scratch, "page.html", render(type, text));
  return { result: "made", name: "preview", form, path, width: null, height: null };
}

function render(type: string, { head, isCut }: ReadText): string {
  const separated = type === "text/csv" || type === "text/tab-separated-values";
  // The last line of what was cut is a part of one.
  const whole = isCut ? head.slice(0, head.lastIndexOf("\n") + 1) : head;
  const table = separated ? readTable(whole, type === "text/csv" ? undefined : "\t") : undefined;
  if (table !== undefined && table.rows.length > 0) return renderTable(table.rows, isCut || table.isCut);
  const lines = head.split("\n");
  return renderText(lines.slice(0, MAX_LINES).join("\n"), isCut || lines.length > MAX_LINES);
}
