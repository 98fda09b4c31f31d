import type { FileRecord } from "#contract/api.ts";
import type { BulkInput } from "#contract/inputs.ts";

/** Into the trash, out of it, or away for good. */
export type TakeAction = "delete" | "restore" | "purge";

/** How it is asked for. What somebody restores meanwhile stays: only from the trash does anything go for good. */
export function takeInput(action: TakeAction, fileIds: readonly string[]): BulkInput {
  return action === "purge" ? { action, fileIds, onlyTrash: true } : { action, fileIds };
}

/** What was taken out of a list: where it was, while it may come back, and whether answers may have it still. */
export class TakenFiles {
  readonly #places = new Map<string, { readonly file: FileRecord; readonly index: number }>();
  /** What is on its way out, and by which taking: a list that is answered meanwhile may still have it. */
  readonly #leaving = new Map<string, symbol>();

  /** @returns what ends it, as soon as what is answered is right about them; those that were taken once more by then stay out */
  leave(ids: readonly string[]): () => void {
    const taking = Symbol("taking");
    for (const id of ids) this.#leaving.set(id, taking);
    return () => {
      for (const id of ids) if (this.#leaving.get(id) === taking) this.#leaving.delete(id);
    };
  }

  /** Those of an answer that aren't on their way out. */
  stayingOf(files: readonly FileRecord[]): readonly FileRecord[] {
    return files.filter(({ id }) => !this.#leaving.has(id));
  }

  takeOut(files: readonly FileRecord[], ids: ReadonlySet<string>): readonly FileRecord[] {
    for (const [index, file] of files.entries())
      if (ids.has(file.id)) this.#places.set(file.id, { file, index });
    return files.filter(({ id }) => !ids.has(id));
  }

  /** The files with those that were taken out, where they were; an answer may have listed some again. */
  bringBack(files: readonly FileRecord[], ids: ReadonlySet<string>): readonly FileRecord[] {
    const listed = new Set<string>(files.map(({ id }) => id));
    const back = [...ids].flatMap((id) => (listed.has(id) ? [] : (this.#places.get(id) ?? [])));
    for (const id of ids) {
      this.#leaving.delete(id);
      this.#places.delete(id);
    }
    const next = [...files];
    for (const { file, index } of back.toSorted((one, other) => one.index - other.index)) {
      next.splice(index, 0, file);
    }
    return next;
  }
}
