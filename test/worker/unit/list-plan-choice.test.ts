import { describe, expect, test } from "vitest";
import { searchTermsOf } from "#contract/names.ts";
import { boundOf, choosePlan, countedOf, questionOf } from "../../../worker/db/file-list-plans.ts";
import type { FileFilters, FileListing } from "../../../worker/db/file-list.ts";
import { listingOf, nameOf } from "./support/listings.ts";

describe("the plan is the cheap one", () => {
  const MILLION = 1_000_000;
  /** Of the filters in their order; undefined for one that wasn't counted. */
  function chosen(
    filters: Partial<FileFilters>,
    matches: readonly number[],
    more: Partial<FileListing> = {},
  ): string {
    const question = questionOf(listingOf(filters, more));
    const measured = countedOf(question).map((filter, index) => {
      const bound = boundOf(filter);
      const found = filter.match === undefined ? {} : { searchIds: "[]" };
      return [filter, { matches: Math.min(bound, matches[index] ?? bound), bound, ...found }] as const;
    });
    return nameOf(choosePlan(question, { fileCount: MILLION, filters: new Map(measured) }));
  }
  const OWNER = { ownerId: "ann" as FileFilters["ownerId"] };
  /** Of the member's own, of what is shared with them, and of what all may read. */
  const VISIBLE = { visibleTo: "ann" as FileFilters["visibleTo"] };

  test.each([
    [
      "a rare tag of an owner with many",
      { ...OWNER, tags: ["a"] },
      [10_000, 3],
      {},
      "walk file_tags_by_creation",
    ],
    [
      "an owner with few of a frequent tag",
      { ...OWNER, tags: ["a"] },
      [3, 10_000],
      {},
      "walk files_by_owner",
    ],
    ["an owner with some, by name", OWNER, [5_000], { sort: "name" }, "gather files_by_owner"],
    ["an owner with many, by name", OWNER, [10_000], { sort: "name" }, "walk files_by_name"],
    ["a rare word", { search: searchTermsOf("abc") }, [30], {}, "gather files_by_search"],
    ["a frequent word", { search: searchTermsOf("abc") }, [2_000], {}, "walk files_by_creation"],
    ["a rare class, by size", { fileClass: "audio" }, [12], { sort: "size" }, "gather files_by_rarer_class"],
    ["a frequent class, by size", { fileClass: "image" }, [10_000], { sort: "size" }, "walk files_by_size"],
    [
      "a frequent beginning, by name",
      { search: searchTermsOf("ab") },
      [10_000],
      { sort: "name" },
      "walk files_by_name",
    ],
    [
      "some of a state, by name",
      { state: "unscannable" },
      [6_000],
      { sort: "name" },
      "walk files_by_name, listed",
    ],
    ["few of a state, by name", { state: "unscannable" }, [100], { sort: "name" }, "gather files_blocked"],
    ["many of a state, by name", { state: "unscannable" }, [10_000], { sort: "name" }, "walk files_by_name"],
    [
      "few that a member may see",
      VISIBLE,
      [300, 20, 0],
      {},
      "union of walk files_by_owner and gather shares_by_user and gather files_by_entity",
    ],
    [
      "the same by name",
      VISIBLE,
      [300, 20, 0],
      { sort: "name" },
      "union of gather files_by_owner and gather shares_by_user and gather files_by_entity",
    ],
    ["all that is attached", VISIBLE, [300, 20, 2_000], {}, "walk files_by_creation, listed"],
    ["few of a rare tag", { ...VISIBLE, tags: ["a"] }, [3, 300, 20, 0], {}, "walk file_tags_by_creation"],
    [
      "the same bytes of what a member may see",
      { ...VISIBLE, sha256: "5a".repeat(32) },
      [0, 1, 1, 20, 3],
      {},
      "union of gather files_by_sha256 and gather files_by_sha256 and gather shares_by_user and gather files_by_sha256",
    ],
    [
      "the same of what is shared with somebody",
      { sharedWith: "ann" as FileFilters["sharedWith"], sha256: "5a".repeat(32) },
      [0, 5_000],
      {},
      "gather shares_by_user",
    ],
    [
      "the same of an owner",
      { ...OWNER, sha256: "5a".repeat(32) },
      [1, 1],
      {},
      "union of gather files_by_sha256 and gather files_by_sha256",
    ],
    ["the same of a tenant", { sha256: "5a".repeat(32) }, [2], {}, "gather files_by_sha256"],
    ["a day, by name", { createdFromMs: 5 }, [900], { sort: "name" }, "gather files_by_creation"],
  ] as const)("%s", (_, filters, matches, more, expected) => {
    expect(chosen(filters, matches, more)).toBe(expected);
  });
});
