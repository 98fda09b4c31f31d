import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { callTarget, type TargetDeadlines } from "../../call.ts";
import { type CopyChecksums, toHex } from "../../checksums.ts";
import { choosePartBytes, type CopyPart } from "../../parts.ts";
import { ReplicaFault } from "../../replica-fault.ts";
import type { CopyFacts, CopyWriter, StoredCopy } from "../../target.ts";
import { explainDirectory } from "./directory-faults.ts";
import { makeDirectory, syncDirectory, writeWhole } from "./durable-files.ts";
import type { DirectoryPaths } from "./paths.ts";
import { describeCopy } from "./stored-facts.ts";

export interface DirectoryCopy {
  readonly paths: DirectoryPaths;
  readonly facts: CopyFacts;
  readonly deadlines: TargetDeadlines;
  readonly sentBytes: number;
  /** Whether the object is in its place already, and has only to be proved. */
  readonly isStored: boolean;
}

/**
 * Parts go to a partial file, each on the disk before the next. A file system keeps no checksum, so the whole is read back
 * before it is renamed to its place, facts first: what has its name is whole, proved and described.
 */
export class DirectoryWriter implements CopyWriter {
  readonly sentBytes: number;
  readonly #copy: DirectoryCopy;

  constructor(copy: DirectoryCopy) {
    this.sentBytes = copy.sentBytes;
    this.#copy = copy;
  }

  /** What was sent before is read back at the end. */
  confirm(_part: CopyPart): void {}

  async write({ offset, bytes }: CopyPart, signal: AbortSignal): Promise<void> {
    // An empty object's one part lies before no offset.
    if (this.#copy.isStored) return;
    await this.#call(signal, this.#copy.deadlines.partMs, async () => {
      const handle = await open(this.#partial, "r+");
      try {
        for (let written = 0; written < bytes.byteLength;) {
          const { bytesWritten } = await handle.write(bytes.subarray(written), 0, null, offset + written);
          written += bytesWritten;
        }
        await handle.datasync();
      } finally {
        await handle.close();
      }
    });
  }

  async complete({ sha256 }: CopyChecksums, signal: AbortSignal): Promise<StoredCopy> {
    const { paths, facts, deadlines, isStored } = this.#copy;
    const object = paths.object(facts.key);
    // As long as the whole takes: the parts' deadlines, one after the other.
    const parts = Math.ceil(facts.sizeBytes / choosePartBytes(facts.sizeBytes));
    return this.#call(signal, deadlines.completeMs + parts * deadlines.callMs, async (either) => {
      const found = await hashFile(isStored ? object : this.#partial, either);
      if (found !== toHex(sha256)) {
        await rm(isStored ? object : this.#partial, { force: true });
        throw new ReplicaFault("mismatch", { detail: "read back" });
      }
      if (!isStored) await this.#putInPlace(object);
      return describeCopy(facts);
    });
  }

  async abandon(signal: AbortSignal): Promise<void> {
    await this.#call(signal, this.#copy.deadlines.callMs, () => rm(this.#partial, { force: true }));
  }

  get #partial(): string {
    return this.#copy.paths.partial(this.#copy.facts.key, this.#copy.facts.sha256);
  }

  async #putInPlace(object: string): Promise<void> {
    const { paths, facts } = this.#copy;
    const factsPath = paths.factsOf(facts.key);
    await makeDirectory(dirname(factsPath), paths.root);
    await makeDirectory(dirname(object), paths.root);
    await writeWhole(factsPath, JSON.stringify(describeCopy(facts)));
    await rename(this.#partial, object);
    await syncDirectory(dirname(object));
  }

  #call<T>(signal: AbortSignal, deadlineMs: number, action: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return callTarget({ signal, deadlineMs, explain: explainDirectory, waitsForEnd: true }, action);
  }
}

async function hashFile(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { signal, highWaterMark: 256 * 1024 })) {
    hash.update(chunk as Uint8Array);
  }
  return hash.digest("hex");
}
