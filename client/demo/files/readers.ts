import type { AuditRecord } from "#contract/audit.ts";

/** Who had a file, as far as the audit tells it. */
export interface Reader {
  /** Unlike any other's. */
  readonly key: string;
  readonly who:
    | { readonly kind: "user"; readonly id: string }
    /** Whoever had a signed address: those who are listed as users, or somebody whom they gave it. */
    | { readonly kind: "address" }
    /** Whoever had a link for people outside, or the public address. */
    | { readonly kind: "link" }
    | { readonly kind: "public" };
  readonly times: number;
  /** Of the newest, RFC 3339. */
  readonly lastAt: string;
}

/** Rows of lists show these: to see them isn't to open a file. */
const SEEN_IN_LISTS = "thumbnail";

function isOpening({ action, detail }: AuditRecord): boolean {
  const variants = detail[action === "file.read" ? "variant" : "variants"];
  return variants !== SEEN_IN_LISTS;
}

function whoOf({ actor: { id, kind } }: AuditRecord): Reader["who"] {
  if (kind === "share-link") return { kind: "link" };
  if (kind === "public-url") return { kind: "public" };
  if (kind === "signed-url") return { kind: "address" };
  return { kind: "user", id };
}

/**
 * Who opened or downloaded a file, the last one first, of its events `file.read` and `signed-url.created`: pages open a
 * file by an address that is signed for their user, and what is read by it is nobody's by name.
 */
export function readersOf(events: readonly AuditRecord[]): readonly Reader[] {
  const byReader = Map.groupBy(events.filter(isOpening), (event) => {
    const who = whoOf(event);
    return who.kind === "user" ? `user ${who.id}` : who.kind;
  });
  const readers = [...byReader].flatMap(([key, [first, ...others]]) => {
    if (first === undefined) return [];
    const lastAt = others.reduce((last, { at }) => (at > last ? at : last), first.at);
    return [{ key, who: whoOf(first), times: others.length + 1, lastAt }];
  });
  return readers.toSorted((one, other) => other.lastAt.localeCompare(one.lastAt));
}
