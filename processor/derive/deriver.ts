import type { DerivableKind, DerivativeForm, DerivativeName } from "#contract/derivatives.ts";
import type { Properties } from "#contract/properties.ts";
import type { Wishes } from "#contract/wishes.ts";
import type { LaneName } from "../lanes.ts";
import type { ToolName } from "./tools.ts";

/** A version's bytes on disk. Nothing is said of what is made of them before they are known to be clean. */
export interface Original {
  /** What its bytes say it is, or what was declared where they say nothing. */
  readonly type: string;
  readonly sizeBytes: number;
  /** The file in `scratch` that holds the bytes. Its name says nothing of the uploaded file's. */
  readonly path: string;
  /** The directory of this job alone; a deriver writes what it makes here. It is removed at the end. */
  readonly scratch: string;
  /** Of the tenant whose it is. */
  readonly wishes: Wishes;
}

/** A derivative that was made. */
export interface MadeDerivative<Name = DerivativeName> {
  readonly result: "made";
  readonly name: Name;
  readonly form: DerivativeForm;
  /** Where it is, in the scratch directory. */
  readonly path: string;
  readonly width: number | null;
  readonly height: number | null;
}

/** One that there is nothing to make of, or that could not be made, with a sentence for people. */
export interface MissingDerivative<Name = DerivativeName> {
  readonly result: "none" | "failed";
  readonly name: Name;
  readonly reason: string;
}

/** What was seen on the way. */
export interface SeenProperties {
  readonly result: "properties";
  readonly properties: Properties;
}

export type Product = MadeDerivative | MissingDerivative | SeenProperties;

/** Makes derivatives of some kinds of files, in a lane of its own. */
export interface Deriver {
  readonly lane: LaneName;
  readonly kinds: readonly DerivableKind[];
  /** Programs without which none of its derivatives can be made. */
  readonly needs: readonly ToolName[];
  /** Larger originals have no derivatives. */
  readonly maxOriginalBytes: number;
  /** Whether a file may be opened before its verdict: not unless it says so. */
  readonly mayBeginEarly?: (original: Pick<Original, "type" | "sizeBytes">) => boolean;
  /**
   * Makes what is wanted, each brought as soon as it is there, so that a thumbnail doesn't wait for a preview. A file
   * that can't be read is no error: its derivatives are `failed`, with a reason. Throws a ProcessorFailure only where
   * trying again can help.
   */
  make(original: Original, wanted: ReadonlySet<DerivativeName>, signal: AbortSignal): AsyncIterable<Product>;
}
