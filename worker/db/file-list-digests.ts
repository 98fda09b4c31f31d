import type { SQL } from "drizzle-orm";
import { sql } from "drizzle-orm";
import type { UserId } from "#contract/ids.ts";
import type { FileFilters, FileListing, Filter } from "./file-list-filter.ts";
import { filesIn } from "./file-list-filter.ts";
import { BY_OWNER, BY_SHA256 } from "./file-list-indexes.ts";

/**
 * Files by their bytes. Others may have the same ones, and nobody is to learn of it by how long an answer takes: so where a
 * list isn't of all that a tenant has, nothing is read by the digest but what is of its owner, or attached to an entity and
 * so everybody's. What else somebody may see is found by why they may, and its digest compared.
 */

/** Two files of the same bytes are the exception. */
const SAME_PART = 1e-6;

function hasDigest(sha256: string): SQL {
  return sql`f.sha256 = ${sha256}`;
}

/** The index's own expression: SQLite knows it by its words. */
const IS_ATTACHED = sql`(f.entity_type IS NOT NULL AND f.entity_id IS NOT NULL)`;

/**
 * An owner's, those that aren't attached and those that are: not by `IN`, for which SQLite looks whether anybody's has the
 * digest when the first of them isn't there.
 */
function digestsOfOwner(listing: FileListing, sha256: string, ownerId: UserId): readonly Filter[] {
  return [0, 1].map((attached) => {
    const check = sql`${hasDigest(sha256)} AND ${IS_ATTACHED} = ${sql.raw(String(attached))} AND f.owner_id = ${ownerId}`;
    return filesIn(BY_SHA256, "row", listing, check);
  });
}

/** Of what is attached to an entity. */
export function isAttachedWith(sha256: string): SQL {
  return sql`${hasDigest(sha256)} AND ${IS_ATTACHED} = 1`;
}

/** Whether others' files may be met before it is known who may see them. */
function isOfSome({ ownerId, visibleTo, sharedWith, entityId }: FileFilters): boolean {
  return [ownerId, visibleTo, sharedWith, entityId].some((each) => each !== undefined);
}

export function digestFilter(listing: FileListing, sha256: string): Filter {
  const check = hasDigest(sha256);
  if (isOfSome(listing.filters)) return { fact: "row", check, part: SAME_PART };
  return filesIn(BY_SHA256, "row", listing, check);
}

/** What is an owner's. Whoever asks for another's doesn't see all of it. */
export function ownerFilter(listing: FileListing, ownerId: UserId): Filter {
  const { sha256, visibleTo, sharedWith } = listing.filters;
  const check = sql`f.owner_id = ${ownerId}`;
  const isAll = visibleTo === undefined && sharedWith === undefined;
  if (sha256 === undefined || !isAll) return filesIn(BY_OWNER, "owner", listing, check);
  return { fact: "owner", check, parts: digestsOfOwner(listing, sha256, ownerId) };
}

/** What is a member's own, of all that they may see. */
export function ownParts(listing: FileListing, userId: UserId): readonly Filter[] {
  const { sha256 } = listing.filters;
  if (sha256 !== undefined) return digestsOfOwner(listing, sha256, userId);
  return [filesIn(BY_OWNER, "owner", listing, sql`f.owner_id = ${userId}`)];
}
