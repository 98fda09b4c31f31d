import { ApiError, localProblem } from "./problem.ts";

/** A file with what finds it again after a reload, where the browser has such (Chromium). */
export interface PickedFile {
  readonly file: File;
  readonly handle?: FileSystemFileHandle;
}

/** What of https://wicg.github.io/file-system-access/ isn't in TypeScript's library, as only Chromium has it. */
interface PermittedHandle {
  requestPermission?(options: { mode: "read" }): Promise<PermissionState>;
}
interface PickingWindow {
  showOpenFilePicker?(options: { multiple: boolean }): Promise<readonly FileSystemFileHandle[]>;
}
interface DroppedItem {
  getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
}

/** What the user picks: call it in a click. Undefined where the browser can't or won't; empty when the user picks none. */
export async function pickHandles(multiple: boolean): Promise<readonly FileSystemFileHandle[] | undefined> {
  const picking = globalThis as PickingWindow;
  try {
    return await picking.showOpenFilePicker?.({ multiple });
  } catch (error) {
    // Besides the user's own no: frames of another origin mayn't, nor who asks too long after the click.
    return error instanceof DOMException && error.name === "AbortError" ? [] : undefined;
  }
}

/**
 * Lets the user pick files so that they can be found again: call it in a click. Undefined where the browser can't or won't
 * (as in a frame of another origin), and an `<input type="file">` does; empty when the user picks none. What can't be read
 * is left out where something else can.
 * @throws ApiError with `FILE_UNREADABLE`
 */
export async function pickFiles({ multiple = true } = {}): Promise<readonly PickedFile[] | undefined> {
  const handles = await pickHandles(multiple);
  if (handles === undefined) return undefined;
  const read = handles.map((handle) => handle.getFile().then((file) => ({ file, handle })));
  const settled = await Promise.allSettled(read);
  const files = settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  if (files.length === 0 && handles.length > 0) throw new ApiError(localProblem("FILE_UNREADABLE"));
  return files;
}

/** The handle of a dropped file: call it in the drop's event, before anything is awaited. Undefined where there is none. */
export async function handleOf(item: DataTransferItem): Promise<FileSystemFileHandle | undefined> {
  const handle = await (item as DroppedItem).getAsFileSystemHandle?.().catch(() => null);
  return handle?.kind === "file" ? (handle as FileSystemFileHandle) : undefined;
}

/**
 * The file behind a handle, with the user's permission: call it in a click.
 * @throws ApiError with `FILE_PERMISSION_DENIED` or `FILE_UNREADABLE`
 */
export async function openHandle(handle: FileSystemFileHandle): Promise<File> {
  const asked = await (handle as PermittedHandle).requestPermission?.({ mode: "read" }).catch(() => "denied");
  if (asked !== undefined && asked !== "granted") throw new ApiError(localProblem("FILE_PERMISSION_DENIED"));
  try {
    return await handle.getFile();
  } catch (cause) {
    throw new ApiError(localProblem("FILE_UNREADABLE"), { cause });
  }
}
