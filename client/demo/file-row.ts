import type { FileRecord, Variant } from "#contract/api.ts";
import { formatBytes, formatDay } from "./format.ts";
import { Row, type RowAction } from "./row.ts";
import { describeCopies, describeFile } from "./sentences.ts";

/** What a row shows of a file; an upload that has just ended knows as much before it has asked. */
export type FileView = Pick<
  FileRecord,
  "filename" | "mimeType" | "sizeBytes" | "state" | "verdict" | "ownerId" | "createdAt" | "derivatives"
> &
  Partial<Pick<FileRecord, "replicas">> & { readonly id: string };

/** What a browser can show in place of a file, the best first. */
const SHOWN = ["preview", "poster", "optimized"] as const;

/** What of a file can be looked at without downloading it; undefined where nothing can. */
export function shownVariant({ derivatives, mimeType }: FileView): Variant | undefined {
  const names = new Set(derivatives.map(({ name }) => name));
  const found = SHOWN.find((name) => names.has(name));
  return found ?? (mimeType === "application/pdf" ? "original" : undefined);
}

export interface FileRowEvents {
  onShow(file: FileView): void;
  onDownload(file: FileView): void;
  onDelete(file: FileView): void;
  mayDelete(file: FileView): boolean;
}

function actionsOf(file: FileView, events: FileRowEvents): readonly RowAction[] {
  const download: RowAction = { icon: "download", label: "Download", run: () => events.onDownload(file) };
  const remove: RowAction = { icon: "trash", label: "Delete", run: () => events.onDelete(file) };
  const removal = events.mayDelete(file) ? [remove] : [];
  if (file.state !== "clean") return removal;
  const show: RowAction = { icon: "eye", label: "Show", run: () => events.onShow(file) };
  return [...(shownVariant(file) === undefined ? [] : [show]), download, ...removal];
}

/** Shows a stored file in a new row. */
export function createFileRow(file: FileView, events: FileRowEvents): Row {
  const row = new Row(file.filename, file.mimeType);
  showFile(row, file, events);
  return row;
}

export function showFile(row: Row, file: FileView, events: FileRowEvents): void {
  const size = file.sizeBytes === null ? [] : [formatBytes(file.sizeBytes)];
  row.update({
    sentence: describeFile(file),
    facts: [
      ...size,
      `${formatDay(file.createdAt, Date.now())} by ${file.ownerId}`,
      ...describeCopies(file.replicas ?? []),
    ],
    actions: actionsOf(file, events),
  });
}
