import { handleOf, pickHandles } from "../../core/handles.ts";

/** Files as people bring them: chosen, pasted, or dropped with the folders that they are in. */

export interface PickedFile {
  readonly file: File;
  /** Names of the folders that it was in, joined by "/"; "" where it was in none. */
  readonly folder: string;
  /** By which the file is found again on the next visit, where the browser has such. */
  readonly handle?: FileSystemFileHandle | undefined;
}

/** What systems leave in folders by themselves; nobody means to upload it. */
const LEFT_BY_SYSTEMS = new Set([".DS_Store", "Thumbs.db", "desktop.ini"]);

export type Picks = Iterable<PickedFile> | AsyncIterable<PickedFile>;

function folderOf({ webkitRelativePath }: File): string {
  return webkitRelativePath.split("/").slice(0, -1).join("/");
}

function* eachOf(files: readonly File[]): Generator<PickedFile> {
  for (const file of files) {
    const pick = { file, folder: folderOf(file) };
    if (isMeant(pick)) yield pick;
  }
}

/** The list is copied at once, since its owner may empty it; all else is done as they are taken. */
export function picksOf(files: Iterable<File>): Picks {
  return eachOf(Array.from(files));
}

function isMeant({ file }: PickedFile): boolean {
  return !LEFT_BY_SYSTEMS.has(file.name);
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

function entriesOf(reader: FileSystemDirectoryReader): Promise<readonly FileSystemEntry[]> {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;

/** What the browser has found by then it hands over in one task: of a hundred files that takes longer than 50 ms. */
const ASKED_AHEAD = 8;

/** In their order. The first that can't be read ends it. */
async function* filesOf(entries: readonly FileSystemFileEntry[]): AsyncGenerator<File> {
  const ahead: Promise<File>[] = [];
  for (const entry of entries) {
    const file = fileOf(entry);
    // Whoever has stopped at one before it doesn't ask what became of it.
    file.catch(() => {});
    ahead.push(file);
    if (ahead.length < ASKED_AHEAD) continue;
    const [first] = ahead.splice(0, 1);
    if (first !== undefined) yield first;
  }
  yield* ahead;
}

/** Chromium gives a hundred entries at a time, and none when there are no more. */
async function* walk(folder: FileSystemDirectoryEntry, path: string): AsyncGenerator<PickedFile> {
  const reader = folder.createReader();
  for (let entries = await entriesOf(reader); entries.length > 0; entries = await entriesOf(reader)) {
    for await (const file of filesOf(entries.filter(isFile))) {
      const pick = { file, folder: path };
      if (isMeant(pick)) yield pick;
    }
    for (const inner of entries.filter(isFolder)) yield* walk(inner, `${path}/${inner.name}`);
  }
}

interface Dropped {
  readonly entry: FileSystemEntry;
  readonly handle: Promise<FileSystemFileHandle | undefined>;
}

/** Handles are of what was dropped itself; what is in a folder is found again by its content. */
async function* picksOfEntries(dropped: readonly Dropped[]): AsyncGenerator<PickedFile> {
  for (const { entry, handle } of dropped) {
    if (isFile(entry)) yield { file: await fileOf(entry), folder: "", handle: await handle };
    if (isFolder(entry)) yield* walk(entry, entry.name);
  }
}

/** What was dropped. Has to be called while the event is handled: after that it holds nothing. */
export function picksOfDrop({ items, files }: DataTransfer): Picks {
  const dropped = Array.from(items).flatMap((item) => {
    const entry = item.webkitGetAsEntry();
    return entry === null ? [] : [{ entry, handle: handleOf(item) }];
  });
  return dropped.length > 0 ? picksOfEntries(dropped) : picksOf(files);
}

/** All that can be read; then one that can't ends it. */
async function* picksOfHandles(handles: readonly FileSystemFileHandle[]): AsyncGenerator<PickedFile> {
  let isIncomplete = false;
  for (const handle of handles) {
    const file = await handle.getFile().catch(() => undefined);
    const pick = file && { file, folder: "", handle };
    if (pick && isMeant(pick)) yield pick;
    isIncomplete ||= file === undefined;
  }
  if (isIncomplete) throw new Error("not all can be read");
}

/** A page has one picker at a time: who clicks twice wants one. */
let isChoosing = false;

/**
 * Has the user choose files, by what finds them again on the next visit where the browser can; call it in a click.
 * Undefined where it can't: then an `<input>` does.
 */
export async function chooseFiles(multiple: boolean): Promise<Picks | undefined> {
  if (isChoosing) return [];
  isChoosing = true;
  try {
    const handles = await pickHandles(multiple);
    return handles && picksOfHandles(handles);
  } finally {
    isChoosing = false;
  }
}
