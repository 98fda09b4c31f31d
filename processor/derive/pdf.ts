import { basename } from "node:path";
import type { DerivativeName } from "#contract/derivatives.ts";
import { ProcessorFailure } from "../failure.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { Deriver, Original, Product } from "./deriver.ts";
import { readPdfInfo } from "./documents/pdf-info.ts";
import { reducePdf } from "./documents/pdf-reduce.ts";
import { extractText } from "./documents/pdf-text.ts";
import type { Work } from "./documents/run-tool.ts";
import { drawFirstPage } from "./documents/thumbnail.ts";
import { failAll, NO_TOOL } from "./products.ts";
import type { Tools } from "./tools.ts";

export const MAX_PDF_BYTES = 100 * 2 ** 20;

/** Makes what there is to make of a PDF, by poppler and qpdf. */
export class PdfDeriver implements Deriver {
  readonly lane = "document";
  readonly kinds = ["pdf"] as const;
  readonly needs = ["poppler"] as const;
  readonly maxOriginalBytes = MAX_PDF_BYTES;
  readonly #sandbox: Pick<Sandbox, "run">;
  readonly #tools: Tools;

  constructor(sandbox: Pick<Sandbox, "run">, tools: Tools) {
    this.#sandbox = sandbox;
    this.#tools = tools;
  }

  async *make(
    { path, scratch }: Original,
    wanted: ReadonlySet<DerivativeName>,
    signal: AbortSignal,
  ): AsyncGenerator<Product, void> {
    const work: Work = { sandbox: this.#sandbox, scratch, signal };
    const file = basename(path);
    const info = await readPdfInfo(work, file);
    if (!info.ok) return yield* failAll(wanted, info.reason);
    yield { result: "properties", properties: info.properties };
    if (wanted.has("thumbnail")) yield await drawFirstPage(work, file);
    if (wanted.has("text")) yield await extractText(work, file);
    if (wanted.has("reduced")) yield await this.#reduce(work, file);
  }

  async #reduce(work: Work, file: string): Promise<Product> {
    const state = this.#tools.stateOf("qpdf");
    // The job comes back, and what has been made until now is settled.
    if (state === "installing") throw new ProcessorFailure("TOOL_INSTALLING");
    if (state === "ok") return reducePdf(work, file);
    return { result: "failed", name: "reduced", reason: NO_TOOL };
  }
}
