import { expect, test } from "vitest";
import { isNotModified, isRangeWanted } from "../../../worker/delivery/conditions.ts";
import { parseRange } from "../../../worker/delivery/range.ts";

const WHOLE = { kind: "whole" };
const UNSATISFIABLE = { kind: "unsatisfiable" };
const part = (offset: number, length: number) => ({ kind: "part", offset, length });

test.each([
  [null, 10, WHOLE],
  ["bytes=0-0", 10, part(0, 1)],
  ["bytes=0-9", 10, part(0, 10)],
  ["bytes=0-10", 10, part(0, 10)],
  ["bytes=3-", 10, part(3, 7)],
  ["bytes=9-", 10, part(9, 1)],
  ["bytes=10-", 10, UNSATISFIABLE],
  ["bytes=10-11", 10, UNSATISFIABLE],
  ["bytes=-1", 10, part(9, 1)],
  ["bytes=-10", 10, part(0, 10)],
  ["bytes=-11", 10, part(0, 10)],
  ["bytes=-0", 10, UNSATISFIABLE],
  ["bytes=0-", 0, UNSATISFIABLE],
  ["bytes=-5", 0, UNSATISFIABLE],
  ["BYTES=1-2", 10, part(1, 2)],
  ["bytes= 1-2 ", 10, part(1, 2)],
  // Malformed, unknown or several: ignored, so the whole is sent.
  ["bytes=5-4", 10, WHOLE],
  ["bytes=-", 10, WHOLE],
  ["bytes=a-b", 10, WHOLE],
  ["bytes=0-1,4-5", 10, WHOLE],
  ["items=0-1", 10, WHOLE],
  ["bytes=99999999999999999999-", 10, WHOLE],
])("range %j of %d bytes", (header, sizeBytes, expected) => {
  expect(parseRange(header, sizeBytes)).toEqual(expected);
});

const validators = { etag: '"abc"', lastModifiedMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678) };
const DATE = "Fri, 02 Jan 2026 03:04:05 GMT";
const EARLIER = "Fri, 02 Jan 2026 03:04:04 GMT";

test.each([
  [{}, false],
  [{ "If-None-Match": '"abc"' }, true],
  [{ "If-None-Match": 'W/"abc"' }, true],
  [{ "If-None-Match": '"x", "abc"' }, true],
  [{ "If-None-Match": '"x, y"' }, false],
  [{ "If-None-Match": "*" }, true],
  [{ "If-None-Match": '"x"' }, false],
  [{ "If-Modified-Since": DATE }, true],
  [{ "If-Modified-Since": EARLIER }, false],
  [{ "If-Modified-Since": "nonsense" }, false],
  // With a tag to compare, the date isn't looked at.
  [{ "If-None-Match": '"x"', "If-Modified-Since": DATE }, false],
])("conditions %j", (headers, expected) => {
  expect(isNotModified(new Headers(headers), validators)).toBe(expected);
});

test.each([
  [{}, true],
  [{ "If-Range": '"abc"' }, true],
  [{ "If-Range": '"abd"' }, false],
  [{ "If-Range": 'W/"abc"' }, false],
  [{ "If-Range": DATE }, true],
  [{ "If-Range": EARLIER }, false],
])("If-Range %j", (headers, expected) => {
  expect(isRangeWanted(new Headers(headers), validators)).toBe(expected);
});
