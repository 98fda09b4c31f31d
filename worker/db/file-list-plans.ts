import type { SQL } from "drizzle-orm";
import { sql } from "drizzle-orm";
import { allOf } from "./all-of.ts";
import type { FileListing, Filter } from "./file-list-filters.ts";
import { baseOf, boundsOf, filtersOf, sortedSource, STORED } from "./file-list-filters.ts";
import type { Fact, Source } from "./file-list-indexes.ts";
import { sourceOfFound } from "./file-list-indexes.ts";

/**
 * How a list is made. D1 keeps no statistics for SQLite's planner, so ours decides, and pins the index by which it is
 * done: either the files come in the list's order from an index and are looked at until the page is full (`walk`), or
 * all that one of the filters has are looked at and sorted (`gather`). Whatever the way, every filter is checked of
 * every file: what a plan decides is the time and nothing else.
 */
export interface Plan {
  readonly way: "walk" | "gather";
  readonly source: Source;
  /** The filter that the source is of. */
  readonly filter: Filter | undefined;
  /** A filter whose files are all listed before, so that a walk needn't look each up. */
  readonly listed?: Filter;
}

/** A list with its filters as conditions. */
export interface Question {
  readonly listing: FileListing;
  readonly filters: readonly Filter[];
}

export function questionOf(listing: FileListing): Question {
  return { listing, filters: filtersOf(listing) };
}

/** How far a filter's files are counted. More than that are never gathered. */
export const COUNT_BOUND = 10_000;
/** The same of names that a search finds: their numbers are sent to the next statement. */
export const FOUND_BOUND = 2_000;
/** A lookup beside the index costs so many steps in it (0011). */
const LOOKUP_STEPS = 20;
/** To list a file before, and to look whether one is listed. */
const LISTING_STEPS = 8;
const LISTED_STEPS = 2;
/** Of files that weren't counted, because no index has them. */
const UNCOUNTED_PART = 0.1;

/** What was counted of a filter: exact while it is below the bound. */
export interface Measured {
  readonly matches: number;
  readonly bound: number;
  /** Of names that were found. */
  readonly searchIds?: string | undefined;
}

/** What was counted of the tenant's files. */
export interface Measures {
  readonly fileCount: number;
  readonly filters: ReadonlyMap<Filter, Measured>;
}

function walkOf(filter: Filter, { sort }: FileListing): readonly Plan[] {
  const { source } = filter;
  return source?.sort === sort ? [{ way: "walk", source, filter }] : [];
}

function gatherOf(filter: Filter, measured: Measured | undefined): readonly Plan[] {
  if (measured === undefined || measured.matches >= measured.bound) return [];
  const source = measured.searchIds === undefined ? filter.source : sourceOfFound(measured.searchIds);
  return source === undefined ? [] : [{ way: "gather", source, filter }];
}

/** Walks by the list's own index with one filter's files listed before: those that take a lookup each, and are few. */
function listedWalkOf(filter: Filter, walk: Plan, measured: Measured | undefined): readonly Plan[] {
  if (filter.fact !== "row" || filter.ids === undefined) return [];
  return measured !== undefined && measured.matches < measured.bound ? [{ ...walk, listed: filter }] : [];
}

/** Every plan that there is for a list, given what was counted. In the trash there is one: the trash's index. */
export function plansOf(
  { listing, filters }: Question,
  measured: Measures["filters"],
): readonly [Plan, ...Plan[]] {
  const sorted: Plan = { way: "walk", source: sortedSource(listing), filter: undefined };
  if (listing.trash) return [sorted];
  return [
    sorted,
    ...filters.flatMap((filter) => walkOf(filter, listing)),
    ...filters.flatMap((filter) => gatherOf(filter, measured.get(filter))),
    ...filters.flatMap((filter) => listedWalkOf(filter, sorted, measured.get(filter))),
  ];
}

/** The plan that needs no counting: where there is no filter, or one whose index has the list's order. */
export function obviousPlan(question: Question): Plan | undefined {
  const { listing, filters } = question;
  const [only] = filters;
  if (listing.trash || only === undefined) return plansOf(question, new Map())[0];
  return filters.length === 1 ? walkOf(only, listing)[0] : undefined;
}

/** Which part of the tenant's files have something; of more than were counted, the middle of what it can be. */
function partOf(measured: Measured | undefined, fileCount: number): number {
  if (measured === undefined) return UNCOUNTED_PART;
  const counted = Math.min(1, Math.max(1, measured.matches) / fileCount);
  return measured.matches < measured.bound ? counted : Math.sqrt(counted);
}

function sortFactOf({ sort }: FileListing): Fact {
  return sort === "name" || sort === "size" ? sort : "created";
}

/** What a plan is thought to cost, in steps of an index. */
function costOf(plan: Plan, { listing, filters }: Question, measures: Measures): number {
  const { way, source, filter, listed } = plan;
  const fileCount = Math.max(1, measures.fileCount);
  const partOfAll = (chosen: readonly Filter[]): number =>
    chosen.reduce((part, each) => part * partOf(measures.filters.get(each), fileCount), 1);
  const others = filters.filter((other) => other !== filter);
  const own = fileCount * partOfAll(filter === undefined ? [] : [filter]);
  const steps = way === "walk" ? Math.min(own, listing.limit / partOfAll(others)) : own;
  const { covers } = source;
  // The file by its id or number, and its row.
  if (covers === undefined) return steps * 2 * LOOKUP_STEPS;
  const covered = others.filter((other) => other === listed || covers.has(other.fact));
  const needsLookup = covered.length < others.length || !covers.has(sortFactOf(listing));
  const ahead = listed === undefined ? 0 : own * partOfAll([listed]) * LISTING_STEPS;
  const each = 1 + (listed === undefined ? 0 : LISTED_STEPS);
  return ahead + steps * (each + (needsLookup ? LOOKUP_STEPS * partOfAll(covered) : 0));
}

/** The plan that is thought to cost least. */
export function choosePlan(question: Question, measures: Measures): Plan {
  const [first, ...others] = plansOf(question, measures.filters);
  const cost = (plan: Plan): number => costOf(plan, question, measures);
  return others.reduce((best, plan) => (cost(plan) < cost(best) ? plan : best), first);
}

/** What a list is sorted by, as the plan's index has it, and the id that tells files apart that are alike in it. */
function keyOf({ sort }: FileListing, { createdAtMs, id }: Source): readonly [value: SQL, id: SQL] {
  switch (sort) {
    case "date":
      return [createdAtMs, id];
    case "name":
      return [sql`f.folded_name`, sql`f.id`];
    case "size":
      return [sql`f.size_bytes`, sql`f.id`];
    case "deletion":
      return [sql`f.deleted_at_ms`, sql`f.id`];
  }
}

function checkOf(filter: Filter, { filter: own, listed }: Plan): readonly SQL[] {
  if (filter === own && filter.isExact === true) return [];
  return [filter === listed ? sql`f.id IN (${filter.ids})` : filter.check];
}

/**
 * A list that names no state leaves out what is nothing but announced: files whose first upload is under way. It is no
 * filter, since no plan gains by it: most files are stored.
 */
function storedOnly({ filters, trash }: FileListing): readonly SQL[] {
  return filters.state === undefined && !trash ? [STORED] : [];
}

/** `SELECT` of a page's ids. */
export function pageQuery({ listing, filters }: Question, plan: Plan): SQL {
  const { source } = plan;
  const { after, order, limit } = listing;
  const [value, id] = keyOf(listing, source);
  const direction = sql.raw(order === "asc" ? "ASC" : "DESC");
  const beyond = sql.raw(order === "asc" ? ">" : "<");
  const terms = [
    baseOf(listing),
    ...storedOnly(listing),
    ...filters.flatMap((filter) => checkOf(filter, plan)),
    ...filters.flatMap((filter) => boundsOf(filter, source, listing)),
    ...(after === undefined ? [] : [sql`(${value}, ${id}) ${beyond} (${after.value}, ${after.id})`]),
  ];
  return sql`SELECT f.id FROM ${source.from} WHERE ${allOf(terms)}
    ORDER BY ${value} ${direction}, ${id} ${direction} LIMIT ${limit}`;
}
