import type { FileRecord } from "#contract/api.ts";
import { checkFile } from "#contract/file-checks.ts";
import type { FilesClient, Uploader } from "../index.ts";
import type { Announce } from "./announcer.ts";
import { h } from "./dom.ts";
import { createDropZone } from "./drop-zone.ts";
import { FileList } from "./file-list.ts";
import type { FileView } from "./file-row.ts";
import { countOf } from "./format.ts";
import { createRefusals, createUnfinished, type Refusal } from "./notices.ts";
import type { Row } from "./row.ts";
import { createUploadRow } from "./upload-row.ts";

export interface AttachmentsOptions {
  readonly uploader: Uploader;
  readonly files: FilesClient;
  readonly entity: { readonly entityType: string; readonly entityId: string };
  readonly userId: string;
  /** Whether others' files are the user's to delete too. */
  readonly isAdmin: boolean;
  readonly announce: Announce;
  /** Ends everything the panel does. */
  readonly signal: AbortSignal;
}

interface Sorted {
  readonly accepted: readonly File[];
  readonly refusals: readonly Refusal[];
}

function sortFiles(files: readonly File[]): Sorted {
  const checked = files.map((file) => ({ file, check: checkFile(file.name, file.type, file.size) }));
  return {
    accepted: checked.filter(({ check }) => check.accepted).map(({ file }) => file),
    refusals: checked.flatMap(({ file, check }) =>
      check.accepted ? [] : [{ filename: file.name, rule: check.detail }],
    ),
  };
}

/** The attachments of one record: what is on its way, what is there, and where more comes in. */
export class Attachments {
  readonly element: HTMLElement;
  readonly #options: AttachmentsOptions;
  readonly #refused = h("div");
  readonly #unfinished = h("div");
  readonly #list: FileList;
  readonly #choose: () => void;

  constructor(options: AttachmentsOptions) {
    this.#options = options;
    this.#list = new FileList(options);
    const dropZone = createDropZone((files) => this.#add(files), options.signal);
    this.#choose = dropZone.choose;
    this.element = h(
      "section",
      { class: "card attachments", id: "attachments", tabindex: -1, "aria-labelledby": "attachments-title" },
      h("h2", { id: "attachments-title" }, "Attachments"),
      dropZone.element,
      this.#refused,
      this.#unfinished,
      this.#list.element,
    );
  }

  async load(): Promise<void> {
    await Promise.all([this.#showUnfinished(), this.#list.load()]);
  }

  #add(files: readonly File[]): void {
    const { accepted, refusals } = sortFiles(files);
    this.#showRefusals(refusals);
    for (const file of accepted) this.#upload(file);
  }

  #upload(file: File): void {
    const { uploader, entity, announce, signal } = this.#options;
    const upload = uploader.add(file, entity);
    const controller = new AbortController();
    const onRemove = () => {
      controller.abort();
      this.#list.remove(row);
      void upload.abort().then(() => uploader.remove(upload));
    };
    const onUploaded = (fileId: string) => {
      controller.abort();
      uploader.remove(upload);
      this.#settle(row, fileId, file);
    };
    const onKnown = () => void this.#showUnfinished();
    const events = { announce, onUploaded, onRemove, onKnown };
    const row: Row = createUploadRow(upload, events, AbortSignal.any([signal, controller.signal]));
    this.#list.prepend(row);
    upload.start();
  }

  /** The same row goes on as the file's, before the server has been asked about it. */
  #settle(row: Row, id: string, { name, type, size }: File): void {
    const file: FileView = {
      derivatives: [],
      id,
      filename: name,
      mimeType: type,
      sizeBytes: size,
      state: "quarantined" satisfies FileRecord["state"],
      verdict: null,
      ownerId: this.#options.userId,
      createdAt: new Date().toISOString(),
    };
    this.#list.adopt(row, file);
  }

  #showRefusals(refusals: readonly Refusal[]): void {
    if (refusals.length === 0) {
      this.#refused.replaceChildren();
      return;
    }
    const dismiss = () => {
      this.#refused.replaceChildren();
      this.element.focus();
    };
    this.#refused.replaceChildren(createRefusals(refusals, dismiss));
    const words = refusals.map(({ filename, rule }) => `${filename}: ${rule}`).join(" ");
    this.#options.announce(`${countOf(refusals.length, "file")} not added. ${words}`);
  }

  async #showUnfinished(): Promise<void> {
    const { entityType, entityId } = this.#options.entity;
    const uploads = (await this.#options.uploader.findPrevious()).filter(
      (upload) => upload.entityType === entityType && upload.entityId === entityId,
    );
    const live = this.#options.uploader.uploads.map((upload) => upload.id ?? "");
    this.#list.hide(new Set([...live, ...uploads.map((upload) => upload.id)]));
    if (uploads.length === 0) {
      this.#unfinished.replaceChildren();
      return;
    }
    const discard = (upload: (typeof uploads)[number]) =>
      void upload.discard().then(() => this.#showUnfinished());
    this.#unfinished.replaceChildren(createUnfinished(uploads, this.#choose, discard));
  }
}
