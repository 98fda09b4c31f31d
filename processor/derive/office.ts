import { link, lstat } from "node:fs/promises";
import { join } from "node:path";
import type { DerivativeName } from "#contract/derivatives.ts";
import { DERIVATIVE_FORMS } from "#contract/derivatives.ts";
import type { Properties } from "#contract/properties.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { Deriver, Original, Product } from "./deriver.ts";
import { inspectOffice, isContainer, type OfficeContent } from "./documents/office-content.ts";
import { OfficeProfile } from "./documents/office-profile.ts";
import { MAX_PAGES, OFFICE_LIMITS, officeScript } from "./documents/office-script.ts";
import { EXCEL_TYPE, type OfficeType, officeTypeOf } from "./documents/office-types.ts";
import { readPdfInfo } from "./documents/pdf-info.ts";
import { extractText } from "./documents/pdf-text.ts";
import { runTool, type Work, writeScratch } from "./documents/run-tool.ts";
import { drawFirstPage } from "./documents/thumbnail.ts";
import { failAll } from "./products.ts";

const MAX_ORIGINAL_BYTES = 100 * 2 ** 20;
const CONVERTED = "document.pdf";

const REASONS: Readonly<Record<Exclude<OfficeContent, "fits">, string>> = {
  other: "The file isn't a document of the kind that it is said to be.",
  protected: "The document is protected by a password.",
  "too-large": "The document is too large when it is unpacked.",
  broken: "The document could not be read: it may be damaged.",
};
const SLOW = "Converting the document took too long.";
const BROKEN = "The document could not be read: it may be damaged, or protected by a password.";
const NO_OFFICE = "The program that converts documents doesn't work where files are processed.";

type Conversion = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** Makes a PDF of Office documents, by LibreOffice, and of that what is made of a PDF. */
export class OfficeDeriver implements Deriver {
  readonly lane = "document";
  readonly kinds = ["office"] as const;
  readonly needs = ["libreoffice", "poppler"] as const;
  readonly maxOriginalBytes = MAX_ORIGINAL_BYTES;
  readonly #sandbox: Pick<Sandbox, "run">;
  readonly #texts: Pick<Deriver, "make">;
  readonly #profile = new OfficeProfile();

  /** @param texts makes what there is to make of what turns out to be text */
  constructor(sandbox: Pick<Sandbox, "run">, texts: Pick<Deriver, "make">) {
    this.#sandbox = sandbox;
    this.#texts = texts;
  }

  async *make(
    original: Original,
    wanted: ReadonlySet<DerivativeName>,
    signal: AbortSignal,
  ): AsyncGenerator<Product, void> {
    if (original.type === EXCEL_TYPE && !(await isContainer(original.path))) {
      // Windows with Excel tells browsers that CSV is its own.
      yield* this.#texts.make({ ...original, type: "text/csv" }, wanted, signal);
      return;
    }
    const work: Work = { sandbox: this.#sandbox, scratch: original.scratch, signal };
    const conversion = await this.#convert(original, work);
    if (!conversion.ok) return yield* failAll(wanted, conversion.reason);
    if (wanted.has("preview")) yield preview(work);
    const info = await readPdfInfo(work, CONVERTED);
    if (info.ok) yield { result: "properties", properties: withoutCut(info.properties) };
    if (wanted.has("thumbnail")) yield await drawFirstPage(work, CONVERTED);
    if (wanted.has("text")) yield await extractText(work, CONVERTED);
  }

  async #convert({ type, path }: Original, work: Work): Promise<Conversion> {
    const officeType = officeTypeOf(type);
    const content = officeType === undefined ? "other" : await inspectOffice(path, officeType, work.signal);
    if (officeType === undefined || content !== "fits") {
      return { ok: false, reason: REASONS[content === "fits" ? "other" : content] };
    }
    const profile = await this.#profile.pack(work);
    if (profile === undefined) return { ok: false, reason: NO_OFFICE };
    await writeScratch(work.scratch, "profile.tar", profile);
    // Programs go by a file's ending too.
    await link(path, join(work.scratch, `document.${officeType.extension}`));
    return convert(work, officeType);
  }
}

async function convert(work: Work, type: OfficeType): Promise<Conversion> {
  const script = `tar -xf profile.tar && ${officeScript(type)}`;
  const result = await runTool(work, "sh", ["-c", script, "soffice"], OFFICE_LIMITS);
  if (!result.ok) return { ok: false, reason: result.reason === "deadline" ? SLOW : BROKEN };
  // It ends as if all were well also where it could read nothing.
  const made = await lstat(join(work.scratch, CONVERTED)).catch(() => undefined);
  return (made?.size ?? 0) > 0 ? { ok: true } : { ok: false, reason: BROKEN };
}

function preview({ scratch }: Work): Product {
  const [form] = DERIVATIVE_FORMS.preview;
  if (form === undefined) return { result: "failed", name: "preview", reason: BROKEN };
  const path = join(scratch, CONVERTED);
  return { result: "made", name: "preview", form, path, width: null, height: null };
}

/** Of a document that was cut, the number of pages isn't its own. */
function withoutCut({ pages, ...others }: Properties): Properties {
  return pages === undefined || pages >= MAX_PAGES ? others : { ...others, pages };
}
