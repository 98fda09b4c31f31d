import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { MerkleRoot } from "../../../scripts/replicas/merkle.ts";

test.each([0, 1, 2, 3, 4, 5, 7, 8, 13])("the Merkle root of %i leaves is RFC 9162's", (count) => {
  const leaves = Array.from({ length: count }, (_, index) => ({
    key: `k${index}`,
    sizeBytes: index,
    sha256: "00",
  }));
  const root = new MerkleRoot();
  for (const leaf of leaves) root.add(leaf);
  const texts = leaves.map(({ key, sizeBytes, sha256 }) => `${key}\n${sizeBytes}\n${sha256}\n`);
  expect(root.finish()).toBe(hashTree(texts).toString("hex"));
});

/** As 2.1.1 defines it. */
function hashTree(leaves: readonly string[]): Buffer {
  const hash = createHash("sha256");
  const [only] = leaves;
  if (only === undefined) return hash.digest();
  if (leaves.length === 1) return hash.update(Buffer.of(0)).update(only).digest();
  const left = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  const sides = [hashTree(leaves.slice(0, left)), hashTree(leaves.slice(left))];
  return hash.update(Buffer.of(1)).update(Buffer.concat(sides)).digest();
}
