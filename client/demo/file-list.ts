import type { FileRecord } from "#contract/api.ts";
import { ApiError } from "../index.ts";
import type { AttachmentsOptions } from "./attachments.ts";
import { confirmDelete } from "./confirm.ts";
import { h } from "./dom.ts";
import { createFileRow, type FileRowEvents, type FileView, showFile, shownVariant } from "./file-row.ts";
import { icon } from "./icons.ts";
import type { Row } from "./row.ts";
import { describeFile } from "./sentences.ts";

const SKELETON_ROWS = 3;
/** What is made of a file follows its verdict by a moment, or by a minute where a document has to be converted. */
const MAKING_WAIT_MS = 120_000;

function hasThumbnail(file: FileRecord): boolean {
  return file.derivatives.some((derivative) => derivative.name === "thumbnail");
}

/** Whether all that is made of it is there, or known not to be. */
function isMade(file: FileRecord): boolean {
  return !file.missingDerivatives.some(({ state }) => state === "making");
}

/** Whether every copy is there, or waits for somebody. */
function isCopied(file: FileRecord): boolean {
  return !file.replicas.some(({ state }) => state === "pending");
}

function wordsOf(error: unknown): string {
  if (!(error instanceof ApiError)) return "Something went wrong";
  return (error.problem.detail ?? error.problem.title).replace(/\.$/, "");
}

function skeletonRow(): HTMLElement {
  return h(
    "li",
    { class: "row skeleton", "aria-hidden": "true" },
    h("div", { class: "row-picture" }),
    h("div", { class: "row-body" }, h("span"), h("span")),
  );
}

/** The rows of a record's files, and of the uploads that become files. */
export class FileList {
  readonly element = h("div", { class: "file-list" });
  readonly #options: AttachmentsOptions;
  readonly #list = h("ul", { class: "plain rows" });
  readonly #message = h("div", { class: "empty", hidden: true });
  readonly #rows = new Map<string, Row>();
  readonly #events: FileRowEvents = {
    onShow: (file) => void this.#showContent(file),
    onDownload: (file) => void this.#download(file),
    onDelete: (file) => void this.#delete(file),
    mayDelete: ({ ownerId }) => this.#options.isAdmin || ownerId === this.#options.userId,
  };
  #hidden: ReadonlySet<string> = new Set();

  constructor(options: AttachmentsOptions) {
    this.#options = options;
    this.element.append(this.#list, this.#message);
  }

  /** Shows the record's files; a failure is shown with a button that tries again. */
  async load(): Promise<void> {
    const skeletons = Array.from({ length: SKELETON_ROWS }, skeletonRow);
    this.#message.hidden = true;
    this.#list.append(...skeletons);
    try {
      const { files, entity, signal } = this.#options;
      const { items } = await files.list({ ...entity, limit: 200 }, { signal });
      for (const item of items) this.#show(item);
      await this.#showThumbnails(items.filter(hasThumbnail));
    } catch (error) {
      if (!this.#options.signal.aborted) this.#showFailure(error);
    } finally {
      for (const skeleton of skeletons) skeleton.remove();
      this.#showEmpty();
    }
  }

  prepend(row: Row): void {
    this.#list.prepend(row.element);
    this.#showEmpty();
  }

  /** Takes a row off; focus goes to its neighbour, so that the keyboard isn't thrown to the page's top. */
  remove({ element }: Row): void {
    const neighbour =
      element.nextElementSibling ?? element.previousElementSibling ?? this.#list.parentElement;
    if (element.contains(document.activeElement) && neighbour instanceof HTMLElement) neighbour.focus();
    element.remove();
    this.#showEmpty();
  }

  /** A row that showed an upload shows the file from now on. */
  adopt(row: Row, file: FileView): void {
    this.#rows.get(file.id)?.element.remove();
    this.#rows.set(file.id, row);
    showFile(row, file, this.#events);
    void this.#watch(file.id, row);
  }

  /** Files that another part of the panel shows as uploads are not shown twice. */
  hide(ids: ReadonlySet<string>): void {
    this.#hidden = ids;
    for (const [id, row] of this.#rows) row.element.hidden = ids.has(id);
    this.#showEmpty();
  }

  #show(file: FileRecord): void {
    if (this.#rows.has(file.id)) return;
    const row = createFileRow(file, this.#events);
    row.element.hidden = this.#hidden.has(file.id);
    this.#rows.set(file.id, row);
    this.#list.append(row.element);
    if (file.state === "quarantined") void this.#watch(file.id, row);
  }

  async #watch(id: string, row: Row): Promise<void> {
    const { files, announce, signal } = this.#options;
    const onUpdate = (file: FileRecord) => showFile(row, file, this.#events);
    try {
      const file = await files.waitUntilSettled(id, { signal, onUpdate });
      announce(`${row.name}: ${describeFile(file).text}`);
      if (file.state !== "clean") return;
      const patience = AbortSignal.any([signal, AbortSignal.timeout(MAKING_WAIT_MS)]);
      const isPictured = (each: FileRecord) => hasThumbnail(each) || isMade(each);
      const pictured = await files.waitUntil(id, isPictured, { signal: patience });
      await this.#showThumbnails([pictured].filter(hasThumbnail));
      onUpdate(await files.waitUntil(id, isMade, { signal: patience }));
      onUpdate(await files.waitUntil(id, isCopied, { signal: patience }));
    } catch (error) {
      if (error instanceof ApiError && error.problem.status === 404) this.#drop(id, row);
    }
  }

  async #showThumbnails(items: readonly FileRecord[]): Promise<void> {
    if (items.length === 0) return;
    const wanted = items.map(
      ({ id }) => ({ fileId: id, variant: "thumbnail", disposition: "inline" }) as const,
    );
    const signed = await this.#options.files.signUrls(wanted).catch(() => []);
    for (const { fileId, url } of signed) this.#rows.get(fileId)?.setThumbnail(url);
  }

  /** In a tab of its own, opened while it is still the click that opens it. */
  async #showContent(file: FileView): Promise<void> {
    const variant = shownVariant(file) ?? "original";
    const tab = globalThis.open("", "_blank");
    try {
      const wanted = { fileId: file.id, variant, disposition: "inline", expiresInSeconds: 300 } as const;
      const [signed] = await this.#options.files.signUrls([wanted]);
      if (signed !== undefined && tab !== null) tab.location.href = signed.url;
    } catch (error) {
      tab?.close();
      this.#showFailure(error);
    }
  }

  async #download({ id, filename }: FileView): Promise<void> {
    try {
      const [signed] = await this.#options.files.signUrls([{ fileId: id, expiresInSeconds: 300 }]);
      if (signed !== undefined) h("a", { href: signed.url, download: filename }).click();
    } catch (error) {
      this.#showFailure(error);
    }
  }

  async #delete({ id, filename }: FileView): Promise<void> {
    if (!(await confirmDelete(filename))) return;
    try {
      await this.#options.files.delete(id);
      const row = this.#rows.get(id);
      if (row !== undefined) this.#drop(id, row);
      this.#options.announce(`${filename}: deleted`);
    } catch (error) {
      this.#showFailure(error);
    }
  }

  #drop(id: string, row: Row): void {
    this.#rows.delete(id);
    this.remove(row);
  }

  #showFailure(error: unknown): void {
    const words = wordsOf(error);
    const retry = h(
      "button",
      { type: "button", class: "button", onclick: () => void this.load() },
      "Try again",
    );
    this.#message.replaceChildren(icon("warning"), h("p", {}, `${words}. Your files are safe.`), retry);
    this.#message.hidden = false;
    this.#message.dataset["kind"] = "failure";
    this.#options.announce(words);
  }

  #showEmpty(): void {
    const { kind } = this.#message.dataset;
    const hasRows = [...this.#list.children].some((row) => row instanceof HTMLElement && !row.hidden);
    if (kind === "failure" && !this.#message.hidden) return;
    this.#message.dataset["kind"] = "empty";
    this.#message.replaceChildren(h("p", { class: "muted" }, "Nothing is attached to this contact yet."));
    this.#message.hidden = hasRows;
  }
}
