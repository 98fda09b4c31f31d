import { MAX_TERMS_OF_BYTES } from "#contract/listing.ts";
import type { FileListing, Filter } from "./file-list-filter.ts";
import { filtersOf, sortedSource } from "./file-list-filters.ts";
import type { Fact, Source } from "./file-list-indexes.ts";
import { sourceOfFound } from "./file-list-indexes.ts";

/**
 * How a list is made. D1 keeps no statistics for SQLite's planner, so ours decides, and pins the index by which it is
 * done: either the files come in the list's order from an index and are looked at until the page is full (`walk`), or
 * all that one of the filters has are looked at and sorted (`gather`). What a member may see is in no index whole: each
 * part of it can be walked or gathered for a page of its own, of which the list's is made (`union`). Whatever the way, every
 * filter is checked of every file: what a plan decides is the time and nothing else.
 */
export type Plan = PlanOfOne | UnionPlan;

export interface PlanOfOne {
  readonly way: "walk" | "gather";
  readonly source: Source;
  /** The filter that the source is of. */
  readonly filter: Filter | undefined;
  /** A filter whose files are all listed before, so that a walk needn't look each up. */
  readonly listed?: Filter;
}

export interface UnionPlan {
  readonly way: "union";
  /** The filter whose parts these are. */
  readonly filter: Filter;
  readonly parts: readonly PlanOfPart[];
}

interface PlanOfPart extends PlanOfOne {
  readonly filter: Filter;
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
const COUNT_BOUND = 10_000;
/** The same of names that a search finds: their numbers are sent to the next statement. */
const FOUND_BOUND = 2_000;

export function boundOf({ match, bound = COUNT_BOUND }: Filter): number {
  return match === undefined ? bound : FOUND_BOUND;
}

/** The filters that are counted: of one that has parts, these. */
export function countedOf({ filters }: Question): readonly Filter[] {
  return filters.flatMap((filter) => filter.parts ?? [filter]);
}

/** A union has each tag and word in each of its parts; with so many of them it has the 100 parameters that D1 takes at most. */
const UNION_TERMS = 8;
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

function walkOf(filter: Filter, { sort }: FileListing): readonly PlanOfPart[] {
  const { source } = filter;
  return source?.sort === sort ? [{ way: "walk", source, filter }] : [];
}

function gatherOf(filter: Filter, measured: Measured | undefined): readonly PlanOfPart[] {
  if (measured === undefined || measured.matches >= measured.bound) return [];
  const source = measured.searchIds === undefined ? filter.source : sourceOfFound(measured.searchIds);
  return source === undefined ? [] : [{ way: "gather", source, filter }];
}

/** Walks by the list's own index with one filter's files listed before: those that take a lookup each, and are few. */
function listedWalkOf(filter: Filter, walk: PlanOfOne, measures: Measures["filters"]): readonly PlanOfOne[] {
  if (filter.fact !== "row" || filter.listed === undefined) return [];
  const measured = measures.get(listedIn(filter));
  return measured !== undefined && measured.matches < measured.bound ? [{ ...walk, listed: filter }] : [];
}

/** The filter whose files are listed for one. */
function listedIn(filter: Filter): Filter {
  return filter.listed?.of ?? filter;
}

/** Each part by its own index: walked where that is in the list's order, and else gathered. */
function unionOf(filter: Filter, listing: FileListing, measured: Measures["filters"]): readonly UnionPlan[] {
  const { tags, search, sha256 } = listing.filters;
  const most = sha256 === undefined ? UNION_TERMS : MAX_TERMS_OF_BYTES;
  if (filter.parts === undefined || tags.length + search.words.length > most) return [];
  const parts = filter.parts.flatMap((part) => {
    const [best] = [...walkOf(part, listing), ...gatherOf(part, measured.get(part))];
    return best ?? [];
  });
  return parts.length === filter.parts.length ? [{ way: "union", filter, parts }] : [];
}

/** Every plan that there is for a list, given what was counted. In the trash there is one: the trash's index. */
export function plansOf(
  { listing, filters }: Question,
  measured: Measures["filters"],
): readonly [Plan, ...Plan[]] {
  const sorted: PlanOfOne = { way: "walk", source: sortedSource(listing), filter: undefined };
  if (listing.trash) return [sorted];
  return [
    sorted,
    ...filters.flatMap((filter) => walkOf(filter, listing)),
    ...filters.flatMap((filter) => gatherOf(filter, measured.get(filter))),
    ...filters.flatMap((filter) => listedWalkOf(filter, sorted, measured)),
    ...filters.flatMap((filter) => unionOf(filter, listing, measured)),
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
function partOf(filter: Filter, measures: Measures): number {
  if (filter.parts !== undefined)
    return Math.min(
      1,
      filter.parts.reduce((sum, part) => sum + partOf(part, measures), 0),
    );
  const measured = measures.filters.get(filter);
  if (measured === undefined) return filter.part ?? UNCOUNTED_PART;
  const counted = Math.min(1, Math.max(1, measured.matches) / Math.max(1, measures.fileCount));
  return measured.matches < measured.bound ? counted : Math.sqrt(counted);
}

function sortFactOf({ sort }: FileListing): Fact {
  return sort === "name" || sort === "size" ? sort : "created";
}

/** The list of a part of what one of its filters has. */
export function questionOfPart({ listing, filters }: Question, whole: Filter, part: Filter): Question {
  return { listing, filters: filters.map((filter) => (filter === whole ? part : filter)) };
}

/** What a plan is thought to cost, in steps of an index. */
function costOf(plan: Plan, question: Question, measures: Measures): number {
  if (plan.way !== "union") return costOfOne(plan, question, measures);
  return plan.parts.reduce(
    (sum, part) => sum + costOfOne(part, questionOfPart(question, plan.filter, part.filter), measures),
    0,
  );
}

function costOfOne(plan: PlanOfOne, { listing, filters }: Question, measures: Measures): number {
  const { way, source, filter, listed } = plan;
  const fileCount = Math.max(1, measures.fileCount);
  const partOfAll = (chosen: readonly Filter[]): number =>
    chosen.reduce((part, each) => part * partOf(each, measures), 1);
  const others = filters.filter((other) => other !== filter);
  const own = fileCount * partOfAll(filter === undefined ? [] : [filter]);
  const steps = way === "walk" ? Math.min(own, listing.limit / partOfAll(others)) : own;
  const { covers } = source;
  // The file by its id or number, and its row.
  if (covers === undefined) return steps * 2 * LOOKUP_STEPS;
  const covered = others.filter((other) => other === listed || covers.has(other.fact));
  const needsLookup = covered.length < others.length || !covers.has(sortFactOf(listing));
  const ahead = listed === undefined ? 0 : own * partOfAll([listedIn(listed)]) * LISTING_STEPS;
  const each = 1 + (listed === undefined ? 0 : LISTED_STEPS);
  return ahead + steps * (each + (needsLookup ? LOOKUP_STEPS * partOfAll(covered) : 0));
}

/** The plan that is thought to cost least. */
export function choosePlan(question: Question, measures: Measures): Plan {
  const [first, ...others] = plansOf(question, measures.filters);
  const cost = (plan: Plan): number => costOf(plan, question, measures);
  return others.reduce((best, plan) => (cost(plan) < cost(best) ? plan : best), first);
}
