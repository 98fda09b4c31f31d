import type { Role } from "#contract/ids.ts";
import { LAST_FILE_AT_MS, OWNERS, SHARED_WITH } from "./listing-data.ts";
import { FREQUENT_WORD, RARE_WORD } from "./listing-names.ts";

/** A list that is asked for, as the file manager would. */
export interface BenchList {
  readonly name: string;
  readonly query: string;
  readonly user?: string;
  readonly role?: Role;
  /** For a page far into the list: what its cursor says is put in the place of the first page's end. */
  readonly deepValue?: string | number;
}

function member(user: string, name: string, query: string): BenchList {
  return { name, query, user, role: "member" };
}

const MIDDLE_MS = Date.UTC(2024, 6, 1);
const AFTER_A_DAY = `createdAfter=${new Date(LAST_FILE_AT_MS - 86_400_000).toISOString()}`;

const SORTS: readonly BenchList[] = [
  { name: "all, newest first", query: "" },
  { name: "all, newest first, half-way", query: "", deepValue: MIDDLE_MS },
  { name: "all, oldest first", query: "order=asc" },
  { name: "all, by name", query: "sort=name" },
  { name: "all, by name, half-way", query: "sort=name", deepValue: "minutes" },
  { name: "all, by size", query: "sort=size" },
  { name: "all, by size, half-way", query: "sort=size", deepValue: 300_000 },
];

const FILTERS: readonly BenchList[] = [
  { name: "owner with most", query: `ownerId=${OWNERS.frequent}` },
  { name: "owner with few", query: `ownerId=${OWNERS.rare}` },
  { name: "entity with most", query: "entityType=contact&entityId=contact-0" },
  { name: "entity with few", query: "entityType=contact&entityId=contact-2000" },
  { name: "frequent entity type", query: "entityType=contact" },
  { name: "rare entity type", query: "entityType=contract" },
  { name: "state clean", query: "state=clean" },
  { name: "state infected", query: "state=infected" },
  { name: "frequent class", query: "class=image" },
  { name: "rare class", query: "class=video" },
  { name: "frequent type", query: "type=application/pdf" },
  { name: "rare type", query: "type=audio/flac" },
  { name: "frequent tag", query: "tag=tag-0" },
  { name: "rare tag", query: "tag=tag-299" },
  { name: "last day", query: AFTER_A_DAY },
  member(SHARED_WITH.few, "shared, few", "scope=shared"),
  member(SHARED_WITH.many, "shared, many", "scope=shared"),
  { name: "trash", query: "trash=true" },
  member(OWNERS.frequent, "own trash", "trash=true"),
];

const COMBINED: readonly BenchList[] = [
  member(OWNERS.frequent, "own, most", ""),
  member(OWNERS.frequent, "own, most, rare class", "class=video"),
  member(OWNERS.frequent, "own, most, by name", "sort=name"),
  member(OWNERS.usual, "own, usual", ""),
  member(OWNERS.usual, "own, usual, by name", "sort=name"),
  member(OWNERS.usual, "own, usual, rare class, by size", "class=video&sort=size"),
  member(OWNERS.usual, "own, usual, a tag", "tag=tag-0"),
  { name: "two frequent tags", query: "tag=tag-0&tag=tag-1" },
  { name: "tag by name", query: "tag=tag-60&sort=name" },
  { name: "rare class by size", query: "class=video&sort=size" },
  { name: "type by name", query: "type=image/heic&sort=name" },
  { name: "unscannable by name", query: "state=unscannable&sort=name" },
  { name: "entity type, class, tag", query: "entityType=deal&class=image&tag=tag-0" },
  { name: "entity with most, by name", query: "entityType=contact&entityId=contact-0&sort=name" },
  { name: "last day by size", query: `${AFTER_A_DAY}&sort=size` },
  member(SHARED_WITH.many, "shared, many, by name", "scope=shared&sort=name"),
  member(OWNERS.rare, "visible, few", "scope=visible"),
  member(OWNERS.rare, "visible, few, by name", "scope=visible&sort=name"),
  member(OWNERS.usual, "visible, usual", "scope=visible"),
  member(OWNERS.usual, "visible, usual, by name", "scope=visible&sort=name"),
  member(SHARED_WITH.many, "visible, shared, many", "scope=visible"),
];

const SEARCHES: readonly BenchList[] = [
  { name: "rare word", query: `q=${RARE_WORD}` },
  { name: "frequent word", query: `q=${FREQUENT_WORD}` },
  { name: "frequent word by name", query: `q=${FREQUENT_WORD}&sort=name` },
  { name: "three digits", query: "q=481" },
  { name: "three digits by size", query: "q=481&sort=size" },
  { name: "two characters", query: "q=in" },
  { name: "two characters by name", query: "q=in&sort=name" },
  { name: "two of CJK", query: `q=${encodeURIComponent("合同")}` },
  { name: "frequent and rare word", query: `q=signed+${RARE_WORD}` },
  { name: "two frequent words", query: "q=invoice+contract" },
  { name: "two words, seldom together", query: "q=warranty+payroll" },
  member(OWNERS.usual, "own, frequent word", `q=${FREQUENT_WORD}`),
];

export const BENCH_LISTS: readonly BenchList[] = [...SORTS, ...FILTERS, ...COMBINED, ...SEARCHES];
