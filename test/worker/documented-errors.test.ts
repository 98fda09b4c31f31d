import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { ErrorCode } from "#contract/errors.ts";
import { ERRORS } from "#contract/errors.ts";
import type { ApiDocument } from "../support/open-api/document.ts";
import { documentedCodes, fetchDocument, nameOf } from "../support/open-api/document.ts";
import { REFUSALS } from "../support/refusals/index.ts";
import type { Stages } from "../support/refusals/scene.ts";
import { Scene, send, startStages } from "../support/refusals/scene.ts";
import type { OperationCase, Refusal } from "../support/refusals/table.ts";
import { runs } from "../support/runs.ts";

/** Every error that the document names is brought about, of every operation, by one change to a request that succeeds. */

let stages: Stages;
let document: ApiDocument;
let scene: Scene;

beforeAll(async () => {
  stages = await startStages();
  document = await fetchDocument(stages.stack.url);
});

afterAll(() => stages.stop());

beforeEach(async () => {
  scene = await Scene.begin(stages);
});

afterEach(async () => {
  await stages.stack.control({ reset: true });
});

const OPERATIONS = Object.entries(REFUSALS);

type Row = readonly [name: string, code: ErrorCode, operation: OperationCase, refusal: Refusal];

const ROWS = OPERATIONS.flatMap(([name, operation]) =>
  Object.entries(operation.refusals).map(
    ([code, refusal]) => [name, code as ErrorCode, operation, refusal] satisfies Row,
  ),
);

test("what is brought about here is what is documented, of every operation", () => {
  const documented = document.operations.flatMap((operation) =>
    documentedCodes(document, operation).map((code) => `${nameOf(operation)} ${code}`),
  );
  const brought = ROWS.map(([name, code]) => `${name} ${code}`);
  expect(brought.toSorted()).toEqual(documented.toSorted());
});

test.each(OPERATIONS)("%s succeeds", async (_name, { good }) => {
  const { status } = await send(scene, await good(scene));
  expect(status).toBeLessThan(400);
});

/**
 * Told by one piece of code for all, and not by each operation: that a token is wrong in this way or that (that there has
 * to be one is asked of all), that it is too often, that the database doesn't answer.
 */
const OF_ALL: ReadonlySet<ErrorCode> = new Set([
  "TOKEN_INVALID",
  "TOKEN_EXPIRED",
  "RATE_LIMITED",
  "SERVICE_UNAVAILABLE",
]);

/** Of these, each of one operation in four in `npm test`. */
function rowsOfNow(): readonly Row[] {
  const met = new Map<ErrorCode, number>();
  return ROWS.filter(([, code]) => {
    const nth = met.get(code) ?? 0;
    met.set(code, nth + 1);
    return !OF_ALL.has(code) || nth % runs(4, 1) === 0;
  });
}

test.each(rowsOfNow())("%s refuses: %s", async (name, code, { good }, refusal) => {
  const refused = await refusal(scene, await good(scene));
  const told = "status" in refused ? refused : await send(scene, refused);
  const isBodiless = name.startsWith("HEAD ");
  expect(told).toEqual({ status: ERRORS[code].status, code: isBodiless ? undefined : code });
});
