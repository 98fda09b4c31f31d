import { GzipWalk, startsAsGzip } from "./gzip-walk.ts";
import { TarWalk } from "./tar-walk.ts";

export const TAR_TYPE = "application/x-tar";

/**
 * Looks at tars and gzips, and at a tar in a gzip, as their bytes go by. What is neither, and isn't said to be a tar, is no
 * matter of it.
 */
export class ArchiveWalk {
  readonly #sizeBytes: number;
  #tar: TarWalk;
  #gzip: GzipWalk | undefined;
  #head: Buffer | undefined = Buffer.alloc(0);

  /**
   * @param sizeBytes of all that will come
   * @param declaredType what is said to be a tar has to be one
   */
  constructor(sizeBytes: number, declaredType?: string) {
    this.#sizeBytes = sizeBytes;
    this.#tar = new TarWalk({ isDeclared: declaredType === TAR_TYPE });
  }

  /** Settles when it is ready for more. */
  async push(chunk: Uint8Array): Promise<void> {
    if (this.#head === undefined) return this.#pass(chunk);
    this.#head = Buffer.concat([this.#head, chunk]);
    if (this.#head.length < 2) return undefined;
    if (startsAsGzip(this.#head)) this.#openGzip();
    const head = this.#head;
    this.#head = undefined;
    return this.#pass(head);
  }

  /** The name of the limit that it was seen to exceed, so that it isn't worth the scanner's time. */
  get excess(): string | undefined {
    return this.#gzip?.excess;
  }

  /** The name of what is wrong, when all has come; undefined where nothing is. */
  finish(): string | undefined {
    return this.#gzip?.finish() ?? this.#tar.finish();
  }

  /** Lets go of what it holds, whether or not it is finished. */
  close(): void {
    this.#gzip?.close();
  }

  /** What is in a gzip was not told from a tar when it was uploaded. */
  #openGzip(): void {
    const tar = new TarWalk({ isSearching: true });
    this.#tar = tar;
    this.#gzip = new GzipWalk(this.#sizeBytes, (bytes) => tar.push(bytes));
  }

  async #pass(chunk: Uint8Array): Promise<void> {
    if (this.#gzip === undefined) this.#tar.push(chunk);
    else await this.#gzip.push(chunk);
  }
}
