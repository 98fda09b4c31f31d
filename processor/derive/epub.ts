import { join } from "node:path";
import { fileTypeFromBuffer } from "file-type";
import type { DerivativeName } from "#contract/derivatives.ts";
import { DERIVATIVE_FORMS } from "#contract/derivatives.ts";
import type { Properties } from "#contract/properties.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { Deriver, Original, Product } from "./deriver.ts";
import { tidy } from "./documents/pdf-info.ts";
import { bringText } from "./documents/pdf-text.ts";
import { writeScratch } from "./documents/run-tool.ts";
import { type Book, readBook } from "./epub/book.ts";
import { IMAGE_LIMITS } from "./images.ts";
import { drawImage, type ImageWork } from "./images/drawing.ts";
import { fileOf } from "./images/task.ts";
import { failAll } from "./products.ts";

const MAX_ORIGINAL_BYTES = 100 * 2 ** 20;
const MAX_TEXT_LENGTH = 256 * 1024;
/** More than any of these tells itself by. */
const HEAD_BYTES = 4_100;
/** What the child that draws is given without another look. */
const COVER_TYPES: ReadonlySet<string> = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"]);

const UNREADABLE = "The book could not be read: it may be damaged.";
const NO_COVER = "The book has no cover that can be drawn.";

/** Takes the cover of a book, and the words of its first pages. It reads markup here, and has pictures opened elsewhere. */
export class EpubDeriver implements Deriver {
  readonly lane = "image";
  readonly kinds = ["epub"] as const;
  readonly needs = [];
  readonly maxOriginalBytes = MAX_ORIGINAL_BYTES;
  readonly #sandbox: Pick<Sandbox, "run">;

  constructor(sandbox: Pick<Sandbox, "run">) {
    this.#sandbox = sandbox;
  }

  async *make(
    { path, scratch }: Original,
    wanted: ReadonlySet<DerivativeName>,
    signal: AbortSignal,
  ): AsyncGenerator<Product, void> {
    const book = await readBook(path, MAX_TEXT_LENGTH);
    if (book === undefined) return yield* failAll(wanted, UNREADABLE);
    yield { result: "properties", properties: describe(book) };
    const work: ImageWork = { sandbox: this.#sandbox, limits: IMAGE_LIMITS, scratch, signal };
    if (wanted.has("thumbnail")) yield* drawCover(work, book);
    if (wanted.has("text")) yield await bringText(work, Buffer.from(book.text));
  }
}

function describe({ title, author }: Book): Properties {
  const [shownTitle, shownAuthor] = [tidy(title), tidy(author)];
  return {
    ...(shownTitle === "" ? {} : { title: shownTitle }),
    ...(shownAuthor === "" ? {} : { author: shownAuthor }),
  };
}

async function* drawCover(work: ImageWork, { cover }: Book): AsyncGenerator<Product, void> {
  const name = "thumbnail";
  const type = cover && (await fileTypeFromBuffer(cover.subarray(0, HEAD_BYTES)));
  if (cover === undefined || type === undefined || !COVER_TYPES.has(type.mime)) {
    yield { result: "none", name, reason: NO_COVER };
    return;
  }
  const { scratch } = work;
  await writeScratch(scratch, "cover", cover);
  const task = { file: "cover", make: "all", wanted: [name], isUpright: false } as const;
  const drawn = await drawImage(work, task);
  const thumbHash = drawn.properties?.thumbHash;
  if (thumbHash !== undefined) yield { result: "properties", properties: { thumbHash } };
  const size = drawn.made.get(name);
  const [form] = DERIVATIVE_FORMS[name];
  if (size === undefined || form === undefined) {
    yield { result: "failed", name, reason: drawn.reasonOf(name) };
    return;
  }
  const { width, height } = size;
  yield { result: "made", name, form, path: join(scratch, fileOf(name)), width, height };
}
