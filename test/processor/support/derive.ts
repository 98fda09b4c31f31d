import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DerivativeName } from "#contract/derivatives.ts";
import { derivativesOf } from "#contract/derivatives.ts";
import { Properties } from "#contract/properties.ts";
import { NO_WISHES, type Wishes } from "#contract/wishes.ts";
import type { Deriver, Product } from "../../../processor/derive/deriver.ts";
import type { Tools } from "../../../processor/derive/tools.ts";

/** What was made of each name: its bytes, or why there are none. */
export interface Derived {
  /** Names and "properties", in the order in which they came. */
  readonly order: readonly string[];
  readonly names: readonly string[];
  readonly properties: Properties;
  readonly made: ReadonlyMap<DerivativeName, Buffer>;
  readonly mimeTypes: Readonly<Record<string, string>>;
  readonly missing: Readonly<Record<string, { readonly result: string; readonly reason: string }>>;
}

export const ALL_TOOLS_THERE: Tools = { stateOf: () => "ok", states: () => [] };

/** Lets a deriver make what there is to make of some bytes, in a scratch directory that is gone afterwards. */
export async function derive(
  deriver: Deriver,
  bytes: Uint8Array,
  type: string,
  wanted: readonly DerivativeName[] = derivativesOf(type),
  wishes: Wishes = NO_WISHES,
): Promise<Derived> {
  const scratch = await mkdtemp(join(tmpdir(), "causeway-derive-"));
  try {
    const path = join(scratch, "original");
    await writeFile(path, bytes);
    const original = { type, sizeBytes: bytes.byteLength, path, scratch, wishes };
    const derived: Noted = {
      order: [],
      names: [],
      properties: {},
      made: new Map(),
      mimeTypes: {},
      missing: {},
    };
    for await (const product of deriver.make(original, new Set(wanted), new AbortController().signal)) {
      await note(derived, product);
    }
    return derived;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

interface Noted {
  order: string[];
  names: string[];
  properties: Properties;
  made: Map<DerivativeName, Buffer>;
  mimeTypes: Record<string, string>;
  missing: Record<string, { result: string; reason: string }>;
}

async function note(derived: Noted, product: Product): Promise<void> {
  derived.order.push(product.result === "properties" ? product.result : product.name);
  if (product.result === "properties") {
    derived.properties = Properties.parse({ ...derived.properties, ...product.properties });
    return;
  }
  derived.names.push(product.name);
  if (product.result !== "made") {
    derived.missing[product.name] = { result: product.result, reason: product.reason };
    return;
  }
  derived.made.set(product.name, await readFile(product.path));
  derived.mimeTypes[product.name] = product.form.mimeType;
}
