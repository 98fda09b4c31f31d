import type { FileRecord } from "#contract/api.ts";
import { LIST_ICONS } from "../icons/list-outlines.ts";
import type { IconName } from "../icons/outlines.ts";
import type { FileChange, FileListTexts } from "../texts/files-texts.ts";

/** What can be done with files of a list, one or many. */
export type FileAction = FileChange | "open" | "rename" | "share";

export const ACTION_ICONS: Readonly<Record<FileAction, IconName>> = {
  open: "eye",
  download: "download",
  rename: LIST_ICONS.pencil,
  share: LIST_ICONS.share,
  tags: LIST_ICONS.tag,
  attach: "folder",
  delete: "trash",
  restore: "retry",
  purge: "trash",
};

export const MANY: ReadonlySet<FileAction> = new Set([
  ...(["download", "tags", "attach", "delete", "restore", "purge"] as const),
]);

export interface ActionRules {
  readonly isTrash: boolean;
  /** How long the trash keeps files, where that is known. */
  readonly trashDays?: number | undefined;
  readonly canOpen: boolean;
  readonly canShare: boolean;
  /** Whether there is something to attach them to. */
  readonly canAttach: boolean;
  mayChange(file: FileRecord): boolean;
}

/** In the order of menus. */
export function actionsOn(file: FileRecord, rules: ActionRules): readonly FileAction[] {
  const { isTrash, canOpen, canShare, canAttach } = rules;
  const mayChange = rules.mayChange(file);
  if (isTrash) return mayChange ? ["restore", "purge"] : [];
  const isReady = file.state === "clean";
  return [
    ...(canOpen ? (["open"] as const) : []),
    ...(isReady ? (["download"] as const) : []),
    ...(mayChange ? (["rename"] as const) : []),
    ...(mayChange && canShare && isReady ? (["share"] as const) : []),
    ...(mayChange ? (["tags"] as const) : []),
    ...(mayChange && canAttach ? (["attach"] as const) : []),
    ...(mayChange ? (["delete"] as const) : []),
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
