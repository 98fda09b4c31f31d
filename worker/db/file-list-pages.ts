import type { SQL } from "drizzle-orm";
import { sql } from "drizzle-orm";
import { allOf } from "./all-of.ts";
import type { FileListing, Filter } from "./file-list-filter.ts";
import { baseOf, STORED } from "./file-list-filter.ts";
import { boundsOf } from "./file-list-filters.ts";
import type { Source } from "./file-list-indexes.ts";
import type { Plan, PlanOfOne, Question } from "./file-list-plans.ts";
import { questionOfPart } from "./file-list-plans.ts";

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

function checkOf(filter: Filter, { filter: own, listed }: PlanOfOne): readonly SQL[] {
  if (filter === own && filter.isExact === true) return [];
  return [filter === listed ? (filter.listed?.check ?? filter.check) : filter.check];
}

/**
 * A list that names no state leaves out what is nothing but announced: files whose first upload is under way. It is no
 * filter, since no plan gains by it: most files are stored.
 */
function storedOnly({ filters, trash }: FileListing): readonly SQL[] {
  return filters.state === undefined && !trash ? [STORED] : [];
}

/** `SELECT` of a page's ids. */
export function pageQuery(question: Question, plan: Plan): SQL {
  if (plan.way !== "union") return pageOfOne(question, plan, sql`f.id`);
  const [value, id] = [sql.raw("value"), sql.raw("id")];
  const pages = plan.parts.map((part) => {
    const [ofPart] = keyOf(question.listing, part.source);
    const columns = sql`f.id AS id, ${ofPart} AS value`;
    return sql`SELECT * FROM (${pageOfOne(questionOfPart(question, plan.filter, part.filter), part, columns)})`;
  });
  return sql`SELECT id FROM (${sql.join(pages, sql` UNION `)}) ${firstInOrder(question.listing, value, id)}`;
}

function pageOfOne({ listing, filters }: Question, plan: PlanOfOne, columns: SQL): SQL {
  const { source } = plan;
  const { after, order } = listing;
  const [value, id] = keyOf(listing, source);
  const beyond = sql.raw(order === "asc" ? ">" : "<");
  const terms = [
    baseOf(listing),
    ...storedOnly(listing),
    ...filters.flatMap((filter) => checkOf(filter, plan)),
    ...filters.flatMap((filter) => boundsOf(filter, source, listing)),
    ...(after === undefined ? [] : [sql`(${value}, ${id}) ${beyond} (${after.value}, ${after.id})`]),
  ];
  return sql`SELECT ${columns} FROM ${source.from} WHERE ${allOf(terms)} ${firstInOrder(listing, value, id)}`;
}

function firstInOrder({ order, limit }: FileListing, value: SQL, id: SQL): SQL {
  const direction = sql.raw(order === "asc" ? "ASC" : "DESC");
  return sql`ORDER BY ${value} ${direction}, ${id} ${direction} LIMIT ${limit}`;
}
