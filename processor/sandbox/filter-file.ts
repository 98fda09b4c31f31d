import { openSync } from "node:fs";
import { type FileHandle, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * The filter of system calls as an open file that has no name any more, to be handed to what starts tools. Not a pipe:
 * Node's are sockets, which can't be opened as /dev/fd/3. Linux only.
 */
export class FilterFile {
  /** Open as long as the processor runs. */
  readonly #descriptor: number;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  static async create(filter: Uint8Array): Promise<FilterFile> {
    const directory = await mkdtemp(join(tmpdir(), "causeway-filter-"));
    try {
      const path = join(directory, "filter");
      await writeFile(path, filter);
      return new FilterFile(openSync(path, "r"));
    } finally {
      await rm(directory, { recursive: true });
    }
  }

  /** Opens it again: whoever reads it reads it from its beginning. */
  open(): Promise<FileHandle> {
    return open(`/proc/self/fd/${this.#descriptor}`, "r");
  }
}
