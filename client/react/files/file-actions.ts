import type { FileRecord } from "#contract/api.ts";
import type { IconName } from "../icons/outlines.ts";
import type { FileListTexts } from "../texts/files-texts.ts";

/** What can be done with files of a list, one or many. */
export type FileAction = "open" | "download" | "rename" | "share" | "tags" | "delete" | "restore" | "purge";

export const ACTION_ICONS: Readonly<Record<FileAction, IconName>> = {
  open: "eye",
  download: "download",
  rename: "pencil",
  share: "share",
  tags: "tag",
  delete: "trash",
  restore: "retry",
  purge: "trash",
};

export const MANY: ReadonlySet<FileAction> = new Set(["download", "tags", "delete", "restore", "purge"]);

export interface ActionRules {
  readonly isTrash: boolean;
  readonly canOpen: boolean;
  readonly canShare: boolean;
  mayChange(file: FileRecord): boolean;
}

/** In the order of menus. */
export function actionsOn(file: FileRecord, rules: ActionRules): readonly FileAction[] {
  const { isTrash, canOpen, canShare } = rules;
  const mayChange = rules.mayChange(file);
  if (isTrash) return mayChange ? ["restore", "purge"] : [];
  const isReady = file.state === "clean";
  return [
    ...(canOpen ? (["open"] as const) : []),
    ...(isReady ? (["download"] as const) : []),
    ...(mayChange ? (["rename"] as const) : []),
    ...(mayChange && canShare && isReady ? (["share"] as const) : []),
    ...(mayChange ? (["tags", "delete"] as const) : []),
  ];
}

/** What can be done with all of them. */
export function actionsOnAll(files: readonly FileRecord[], rules: ActionRules): readonly FileAction[] {
  const [first, ...others] = files.map((file) => actionsOn(file, rules));
  if (first === undefined) return [];
  return first.filter((action) => MANY.has(action) && others.every((each) => each.includes(action)));
}

export function labelOf(action: FileAction, texts: FileListTexts): string {
  return texts[action];
}
