import { type CopyChecksums, toHex } from "../../checksums.ts";
import type { CopyPart } from "../../parts.ts";
import { hashBody } from "../../read-back.ts";
import { ReplicaFault } from "../../replica-fault.ts";
import type { CopyFacts, CopyWriter, StoredCopy } from "../../target.ts";
import type { AzureContainer, Block } from "./azure-container.ts";
import { formatBlockName, parseBlockName } from "./block-names.ts";

/** What an Azure copy is written as. `stored`: the blob is there, and has only to be proved. */
export type AzureWay =
  | { readonly kind: "stored"; readonly blocks: readonly Block[] }
  | { readonly kind: "put" }
  | { readonly kind: "blocks"; readonly blocks: readonly Block[] };

/**
 * One part is a put, whose MD5 the service makes; more are blocks, each compared with its MD5 by the service when it takes
 * it, and named by it. Of a list of blocks the service makes no checksum: that it has these very blocks is the proof.
 */
export class AzureWriter implements CopyWriter {
  readonly sentBytes: number;
  readonly #container: AzureContainer;
  readonly #facts: CopyFacts;
  readonly #way: AzureWay;
  readonly #names: string[] = [];
  #only: CopyPart | undefined;

  constructor(container: AzureContainer, facts: CopyFacts, way: AzureWay) {
    this.#container = container;
    this.#facts = facts;
    this.#way = way;
    const blocks = way.kind === "blocks" ? way.blocks : [];
    const blockBytes = blocks.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
    this.sentBytes = way.kind === "stored" ? facts.sizeBytes : blockBytes;
  }

  confirm({ index, md5 }: CopyPart): void {
    const name = formatBlockName(index, md5);
    this.#names.push(name);
    if (this.#way.kind !== "blocks" || this.#way.blocks[index]?.name === name) return;
    throw new ReplicaFault("mismatch", { detail: "a block of an earlier try" });
  }

  async write(part: CopyPart, signal: AbortSignal): Promise<void> {
    const name = formatBlockName(part.index, part.md5);
    if (this.#way.kind === "put") this.#only = part;
    if (this.#way.kind === "blocks") await this.#container.putBlock(this.#facts.key, name, part, signal);
    this.#names.push(name);
  }

  async complete(checksums: CopyChecksums, signal: AbortSignal): Promise<StoredCopy> {
    const { key, sizeBytes, sha256 } = this.#facts;
    if (this.#only !== undefined) await this.#container.put(this.#facts, this.#only, signal);
    if (this.#way.kind === "blocks") {
      const md5 = Buffer.from(checksums.md5 ?? "", "base64");
      await this.#container.commit(this.#facts, this.#names, md5, signal);
    }
    const stored = await this.#container.head(key, signal);
    if (stored === undefined) throw new ReplicaFault("unavailable", { detail: "no blob after completion" });
    const isDescribed = stored.sizeBytes === sizeBytes && stored.sha256 === sha256;
    if (isDescribed && (await this.#hasBytes(stored, checksums, signal))) return stored;
    await this.#container.remove(key, signal);
    throw new ReplicaFault("mismatch", { detail: "the blob's checksum" });
  }

  async abandon(signal: AbortSignal): Promise<void> {
    if (this.#way.kind === "blocks") await this.#container.discard(this.#facts.key, signal);
  }

  async #hasBytes(stored: StoredCopy, checksums: CopyChecksums, signal: AbortSignal): Promise<boolean> {
    const blocks = await this.#container.listBlocks(stored.key, "committed", signal);
    if (blocks.length === 0 && stored.checksums.md5 !== undefined) {
      return stored.checksums.md5 === checksums.md5;
    }
    if (blocks.length > 0 && blocks.every(({ name }) => parseBlockName(name) !== undefined)) {
      const names = blocks.map(({ name }) => name);
      return names.length === this.#names.length && names.every((name, index) => name === this.#names[index]);
    }
    const back = await this.#container.get(stored.key, undefined, signal);
    return back !== undefined && (await hashBody(back)) === toHex(checksums.sha256);
  }
}
