import { createHash } from "node:crypto";

/** What a leaf is made of. */
export interface MerkleLeaf {
  readonly key: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/**
 * The root of a Merkle tree over versions in their order, as RFC 9162 (2.1.1) has it: two lists with one root are one list.
 * Only the roots of full subtrees are kept, so that it takes no memory to speak of however many there are.
 */
export class MerkleRoot {
  /** Of full subtrees, the largest first, each with how many levels it has. */
  readonly #full: { readonly level: number; readonly hash: Buffer }[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add({ key, sizeBytes, sha256 }: MerkleLeaf): void {
    let node = { level: 0, hash: hashOf(0, Buffer.from(`${key}\n${sizeBytes}\n${sha256}\n`)) };
    for (let last = this.#full.at(-1); last?.level === node.level; last = this.#full.at(-1)) {
      this.#full.pop();
      node = { level: node.level + 1, hash: hashOf(1, last.hash, node.hash) };
    }
    this.#full.push(node);
    this.#count += 1;
  }

  /** Hexadecimal. */
  finish(): string {
    const [last, ...others] = this.#full.map(({ hash }) => hash).toReversed();
    if (last === undefined) return createHash("sha256").digest("hex");
    return others.reduce((right, left) => hashOf(1, left, right), last).toString("hex");
  }
}

function hashOf(kind: 0 | 1, ...parts: readonly Buffer[]): Buffer {
  const hash = createHash("sha256").update(Buffer.of(kind));
  for (const part of parts) hash.update(part);
  return hash.digest();
}
