import { expect, test } from "vitest";
import { MAX_LISTED_TAGS, MAX_SEARCH_WORDS } from "#contract/listing.ts";
import { newTenantId } from "../support/api.ts";
import { file, list, Listed, queryText } from "../support/lists.ts";

const WORDS = Array.from({ length: MAX_SEARCH_WORDS }, (_, index) => `word${index + 10}`).join(" ");
const TAGS = Array.from({ length: MAX_LISTED_TAGS }, (_, index) => `tag${index}`);

/** Everything that may be asked for at once. */
const ALL_FILTERS = {
  ...{ tag: TAGS, q: WORDS, entityType: "deal", entityId: "1", ownerId: "ann" },
  ...{ type: "text/plain", class: "document", state: "clean" },
  ...{ createdAfter: "2020-01-01T00:00:00Z", createdBefore: "2060-01-01T00:00:00Z" },
};

test("as many filters as there can be are a list like others, page by page", async () => {
  const listed = new Listed();
  const tenantId = newTenantId();
  const facts = { tags: TAGS, entityType: "deal", entityId: "1", sharedWith: { bob: null } };
  const live = [1, 2, 3].map((index) => file(tenantId, { ...facts, filename: `${WORDS} ${index}.txt` }));
  const trashed = file(tenantId, { ...facts, filename: `${WORDS} old.txt`, deletedAtMs: 1 });
  await listed.add(...live, trashed, file(tenantId));
  const ann = await listed.caller({ tenantId, userId: "ann", role: "member" });
  const bob = await listed.caller({ tenantId, userId: "bob", role: "member" });
  const admin = await listed.caller({ tenantId, userId: "boss", role: "admin" });
  const QUERIES = [
    [ann, {}],
    [ann, { sort: "name" }],
    [admin, { sort: "size", order: "asc" }],
    [bob, { scope: "shared" }],
    [bob, { scope: "visible", sort: "size" }],
    [bob, { scope: "visible", tag: TAGS.slice(0, 4), q: WORDS.split(" ").slice(0, 4).join(" ") }],
    [bob, { scope: "shared", sort: "name", order: "desc" }],
  ] as const;
  for (const [caller, more] of QUERIES) {
    const query = { ...ALL_FILTERS, ...more };
    const first = await list(caller, { ...query, limit: 2 });
    const second = await list(caller, { ...query, limit: 2, cursor: first.nextCursor });
    const found = [...first.items, ...second.items].map(({ id }) => id);
    expect(found.toSorted(), queryText(more)).toEqual(live.map(({ id }) => id).toSorted());
  }
  const { items } = await list(ann, { ...ALL_FILTERS, trash: "true" });
  expect(items.map(({ id }) => id)).toEqual([trashed.id]);
});
