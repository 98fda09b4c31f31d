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
  readonly canOpen: boolean;
  readonly canShare: boolean;
  /** Whether there is something to attach them to. */
  readonly canAttach: boolean;
  mayChange(file: FileRecord): boolean;
}

/** In the order of menus, with whether each can be done with a file that isn't in the trash. */
function possible(file: FileRecord, rules: ActionRules): readonly (readonly [FileAction, boolean])[] {
  const mayChange = rules.mayChange(file);
  const isReady = file.state === "clean";
  return [
    ["open", rules.canOpen],
    ["download", isReady],
    ["rename", mayChange],
    ["share", mayChange && rules.canShare && isReady],
    ["tags", mayChange],
    ["attach", mayChange && rules.canAttach],
    ["delete", mayChange],
  ];
}

/** In the order of menus. */
export function actionsOn(file: FileRecord, rules: ActionRules): readonly FileAction[] {
  if (rules.isTrash) return rules.mayChange(file) ? ["restore", "purge"] : [];
  return possible(file, rules).flatMap(([action, isPossible]) => (isPossible ? [action] : []));
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
