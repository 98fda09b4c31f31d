import type { DerivativeName } from "#contract/derivatives.ts";
import type { Product } from "./deriver.ts";

export const NOT_ISOLATED =
  "Files are not opened here, for there is nothing to isolate the programs that would do it.";
export const NO_TOOL = "The program that makes it is not installed where files are processed.";

/** All of these could not be made, for one reason: a sentence for people. */
export function* failAll(names: Iterable<DerivativeName>, reason: string): Generator<Product, void> {
  for (const name of names) yield { result: "failed", name, reason };
}
