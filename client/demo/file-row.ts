import type { FileRecord } from "#contract/api.ts";
import { formatBytes, formatDay } from "./format.ts";
import { Row, type RowAction } from "./row.ts";
import { describeFile } from "./sentences.ts";

/** What a row shows of a file; an upload that has just ended knows as much before it has asked. */
export type FileView = Pick<
  FileRecord,
  "filename" | "mimeType" | "sizeBytes" | "state" | "verdict" | "ownerId" | "createdAt"
> & { readonly id: string };

export interface FileRowEvents {
  onDownload(file: FileView): void;
  onDelete(file: FileView): void;
}

function actionsOf(file: FileView, events: FileRowEvents): readonly RowAction[] {
  const download: RowAction = { icon: "download", label: "Download", run: () => events.onDownload(file) };
  const remove: RowAction = { icon: "trash", label: "Delete", run: () => events.onDelete(file) };
  return file.state === "clean" ? [download, remove] : [remove];
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
    facts: [...size, `${formatDay(file.createdAt, Date.now())} by ${file.ownerId}`],
    actions: actionsOf(file, events),
  });
}
