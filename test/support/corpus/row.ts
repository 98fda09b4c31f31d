import type { DerivativeName } from "#contract/derivatives.ts";
import type { ErrorCode } from "#contract/errors.ts";
import type { Properties } from "#contract/properties.ts";

/** A derivative that is there, one that there is nothing to make of, and one that could not be made. */
type Standing = "ready" | "none" | "failed";
export type Standings = Readonly<Partial<Record<DerivativeName, Standing>>>;

/** How a file ends: refused at its upload, found not to be clean, or clean with what was made and seen of it. */
export type Ending =
  | { readonly state: "refused"; readonly code: ErrorCode }
  | { readonly state: "infected" }
  /** By the name of what could not be looked at. */
  | { readonly state: "unscannable"; readonly by: string }
  | {
      readonly state: "clean";
      /** All that there may be of its type. */
      readonly derivatives: Standings;
      /** Some of its properties. */
      readonly properties: Properties;
    };

/** A file of the corpus: what is odd about it, how it is made and called, and how it must end. */
export interface CorpusFile {
  readonly what: string;
  /** As it is declared. */
  readonly filename: string;
  readonly make: () => Uint8Array | Promise<Uint8Array>;
  readonly ends: Ending;
  /** Where it is declared: else the name tells it. */
  readonly type?: string;
  /** Whether `npm test` runs it too: by default if it isn't clean, and of what is clean some of each family. */
  readonly isUsual?: boolean;
}

type Options = Pick<CorpusFile, "type" | "isUsual">;

/** A line of the manifest. */
export function row(
  what: string,
  filename: string,
  make: CorpusFile["make"],
  ends: Ending,
  options: Options = {},
): CorpusFile {
  return { what, filename, make, ends, ...options };
}

export const USUAL = { isUsual: true } as const;
export const INFECTED: Ending = { state: "infected" };

export function refused(code: ErrorCode): Ending {
  return { state: "refused", code };
}

export function unscannable(by: string): Ending {
  return { state: "unscannable", by };
}

export function clean(derivatives: Standings = {}, properties: Properties = {}): Ending {
  return { state: "clean", derivatives, properties };
}

/** The same for every name: `all("ready", "thumbnail", "optimized")`. */
export function all(standing: Standing, ...names: readonly DerivativeName[]): Standings {
  return Object.fromEntries(names.map((name) => [name, standing]));
}

/** What `make` makes, made once for all that is made of it. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
