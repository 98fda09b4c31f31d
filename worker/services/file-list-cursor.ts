import { formatBase64Url, parseBase64Url } from "#contract/base64url.ts";
import { AppError } from "#contract/errors.ts";
import { ListCursor } from "#contract/listing.ts";
import type { FileListing } from "../db/file-list.ts";

type Position = NonNullable<FileListing["after"]>;
/** A list whose place is still to be found. */
export type List = Omit<FileListing, "after" | "limit">;

const HASH_BYTES = 9;

/** Tells lists apart, not forgers: a cursor says where to go on, never what may be seen. */
async function hashOf({ tenantId, filters, sort, order, trash }: List): Promise<string> {
  const text = JSON.stringify([tenantId, filters, sort, order, trash]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return formatBase64Url(new Uint8Array(digest, 0, HASH_BYTES));
}

/** A page's end as text: what it is sorted by and the id, so that it stays right when that file is changed or gone. */
export async function formatCursor(list: List, { value, id }: Position): Promise<string> {
  const cursor: ListCursor = [value, id, await hashOf(list)];
  return formatBase64Url(new TextEncoder().encode(JSON.stringify(cursor)));
}

function parse(text: string): ListCursor | undefined {
  const bytes = parseBase64Url(text);
  if (bytes === undefined) return undefined;
  try {
    return ListCursor.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    return undefined;
  }
}

function refuse(message: string): AppError {
  return new AppError("REQUEST_INVALID", { errors: [{ path: "cursor", message }] });
}

/** Where a page begins. Throws `REQUEST_INVALID` for what isn't a cursor, and for one of another list. */
export async function parseCursor(list: List, text: string): Promise<Position> {
  const [value, id, hash] = parse(text) ?? [];
  if (value === undefined || id === undefined) throw refuse("is not a cursor of this list");
  const isOfList = hash === (await hashOf(list)) && (typeof value === "string") === (list.sort === "name");
  if (!isOfList) throw refuse("is of a list with other filters or in another order");
  return { value, id };
}
