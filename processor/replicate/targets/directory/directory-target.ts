import { type FileHandle, open, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { callTarget, TARGET_DEADLINES, type TargetDeadlines } from "../../call.ts";
import { choosePartBytes } from "../../parts.ts";
import { readBody } from "../../read-body.ts";
import type {
  CopyBody,
  CopyFacts,
  CopyList,
  CopyRange,
  CopyWriter,
  ReplicaTarget,
  StoredCopy,
} from "../../target.ts";
import { explainDirectory, isMissing } from "./directory-faults.ts";
import { DirectoryWriter } from "./directory-writer.ts";
import { makeDirectory, removeEmpty } from "./durable-files.ts";
import { listObjects } from "./list-objects.ts";
import { DirectoryPaths } from "./paths.ts";
import { findStored } from "./stored-facts.ts";

export interface DirectoryTargetOptions {
  readonly name: string;
  /** Absolute, and there already: a disk that isn't mounted is no target. */
  readonly path: string;
  readonly deadlines?: TargetDeadlines;
}

/** Copies in a directory of this machine, of a mounted disk or share. Needs: to read and write there. */
export class DirectoryTarget implements ReplicaTarget {
  readonly kind = "directory";
  readonly name: string;
  readonly #paths: DirectoryPaths;
  readonly #deadlines: TargetDeadlines;

  constructor({ name, path, deadlines = TARGET_DEADLINES }: DirectoryTargetOptions) {
    this.name = name;
    this.#paths = new DirectoryPaths(path);
    this.#deadlines = deadlines;
  }

  async begin(facts: CopyFacts, signal: AbortSignal): Promise<CopyWriter> {
    return this.#call(signal, async () => {
      const common = { paths: this.#paths, facts, deadlines: this.#deadlines };
      const stored = await findStored(this.#paths, facts.key);
      if (stored?.sha256 === facts.sha256 && stored.sizeBytes === facts.sizeBytes) {
        return new DirectoryWriter({ ...common, sentBytes: facts.sizeBytes, isStored: true });
      }
      const sentBytes = await this.#openPartial(facts);
      return new DirectoryWriter({ ...common, sentBytes, isStored: false });
    });
  }

  async find(key: string, signal: AbortSignal): Promise<StoredCopy | undefined> {
    return this.#call(signal, () => findStored(this.#paths, key));
  }

  async read(key: string, range: CopyRange | undefined, signal: AbortSignal): Promise<CopyBody | undefined> {
    const stored = await this.find(key, signal);
    if (stored === undefined) return undefined;
    const { handle, sizeBytes, etag } = await this.#call(signal, () => openFile(this.#paths.object(key)));
    const { offset, length } = range ?? { offset: 0, length: sizeBytes };
    const lengthBytes = Math.min(length, sizeBytes - offset);
    // A file stream takes no empty range.
    const bounds = { start: offset, end: Math.max(offset, offset + lengthBytes - 1) };
    const file = handle.createReadStream(bounds);
    const options = { signal, deadlineMs: this.#deadlines.callMs, explain: explainDirectory };
    return { body: readBody(file, lengthBytes, options), sizeBytes, etag };
  }

  async remove(keys: readonly string[], signal: AbortSignal): Promise<void> {
    for (const key of keys) await this.#call(signal, () => this.#removeOne(key));
  }

  async list(prefix: string, cursor: string | undefined, signal: AbortSignal): Promise<CopyList> {
    return this.#call(signal, async () => {
      await stat(this.#paths.root);
      return listObjects(this.#paths.objects, prefix, cursor);
    });
  }

  close(): void {}

  /** Gives how many bytes of it are whole parts. */
  async #openPartial({ key, sha256, sizeBytes }: CopyFacts): Promise<number> {
    await stat(this.#paths.root);
    await makeDirectory(this.#paths.partials, this.#paths.root);
    const handle = await open(this.#paths.partial(key, sha256), "a", 0o600);
    try {
      const partBytes = choosePartBytes(sizeBytes);
      const { size } = await handle.stat();
      return Math.min(size - (size % partBytes), sizeBytes);
    } finally {
      await handle.close();
    }
  }

  async #removeOne(key: string): Promise<void> {
    await stat(this.#paths.root);
    const prefix = this.#paths.partialPrefix(key);
    const partials = await readdir(this.#paths.partials).catch(orNothing);
    const begun = partials.filter((name) => name.startsWith(prefix));
    for (const name of begun) await rm(join(this.#paths.partials, name), { force: true });
    // Without its facts an object is no copy any more, wherever this ends.
    for (const path of [this.#paths.factsOf(key), this.#paths.object(key)]) {
      await rm(path, { force: true });
      await removeEmpty(dirname(path), this.#paths.root);
    }
  }

  #call<T>(signal: AbortSignal, action: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return callTarget(
      { signal, deadlineMs: this.#deadlines.callMs, explain: explainDirectory, waitsForEnd: true },
      action,
    );
  }
}

/** A file, with a tag that is another when it has been written to, or is another file: the facts beside it don't tell that. */
async function openFile(
  path: string,
): Promise<{ readonly handle: FileHandle; readonly sizeBytes: number; readonly etag: string }> {
  const handle = await open(path, "r");
  try {
    const { size, ino, mtimeNs, ctimeNs } = await handle.stat({ bigint: true });
    return { handle, sizeBytes: Number(size), etag: `"${ino}-${size}-${mtimeNs}-${ctimeNs}"` };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function orNothing(error: unknown): string[] {
  if (isMissing(error)) return [];
  throw error;
}
