import fc from "fast-check";
import type { Caller } from "./api.ts";
import type { ApiDocument, Operation } from "./open-api/document.ts";
import { nameOf } from "./open-api/document.ts";
import type { PlannedRequest } from "./open-api/requests.ts";
import { RequestPlans } from "./open-api/requests.ts";
import type { Hints } from "./open-api/values.ts";
import { runs } from "./runs.ts";

/** Requests about what another tenant has, each with the same about what nobody has. */

/** How many requests are drawn for each operation, with other values beside the ids. */
const SAMPLES = 4;
/** How many of those that differ are made. */
const PAIRS = runs(2, SAMPLES);
const SEED = 20_261_124;
const MISSING_ID = "0".repeat(26);

/** Operations whose path or query is the credential: it names its tenant itself, and there is no other in it to name. */
const CREDENTIALS: ReadonlySet<string> = new Set([
  "GET /s/{token}",
  "POST /s/{token}",
  "GET /d/{fileId}/{name}",
  "HEAD /d/{fileId}/{name}",
  "GET /p/{fileId}/{name}",
]);

/** Ids by the name of the parameter or property that takes them: what somebody has, and what nobody has. */
export type Ids = Readonly<Record<string, { readonly theirs: string; readonly missing: string }>>;

/** The ids of a file of somebody's. */
export async function idsOf(them: Caller, fileId: string): Promise<Ids> {
  const linked = await them.fetch(`/v1/files/${fileId}/share-links`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  // A file in the trash, or one that isn't there yet, can't be shared.
  const { id: linkId = MISSING_ID } = (await linked.json()) as { id?: string };
  const file = { theirs: fileId, missing: MISSING_ID };
  return {
    ...{ id: file, fileId: file, fileIds: file, replaces: file },
    version: { theirs: "1", missing: "1" },
    userId: { theirs: "ann", missing: "ann" },
    linkId: { theirs: linkId, missing: MISSING_ID },
    tenantId: { theirs: them.tenantId, missing: `${them.tenantId.slice(0, -4)}none` },
  };
}

function hintsOf(known: Ids, which: "theirs" | "missing"): Hints {
  return Object.fromEntries(
    Object.entries(known).map(([name, pair]) => {
      const value = name === "version" ? Number(pair[which]) : pair[which];
      return [name, fc.constant(name === "fileIds" ? [value] : value)];
    }),
  );
}

/** The operations that can be asked about what somebody else has. */
export function walkedOperations(document: ApiDocument): readonly Operation[] {
  return document.operations.filter((operation) => !CREDENTIALS.has(nameOf(operation)));
}

export interface Pair {
  readonly theirs: PlannedRequest;
  readonly missing: PlannedRequest;
}

/** The same requests to an operation about either: the ids are all that differs. */
export function pairsFor(document: ApiDocument, operation: Operation, known: Ids): readonly Pair[] {
  const sample = (which: "theirs" | "missing") =>
    fc.sample(new RequestPlans(document, hintsOf(known, which), 0).to(operation), {
      seed: SEED,
      numRuns: SAMPLES,
    });
  const twins = sample("missing");
  const pairs = sample("theirs").flatMap((theirs, index) => {
    const missing = twins[index];
    return missing === undefined || isSame(theirs, missing) ? [] : [{ theirs, missing }];
  });
  // Where an operation takes ids alone, all that are drawn are one.
  const distinct = new Map(pairs.map((pair) => [textOf(pair.theirs), pair]));
  return [...distinct.values()].slice(0, PAIRS);
}

function textOf({ target, headers, body }: PlannedRequest): string {
  return JSON.stringify([target, headers, body]);
}

/** Whether no id was drawn: there is nothing to compare then. */
function isSame(a: PlannedRequest, b: PlannedRequest): boolean {
  return a.target === b.target && JSON.stringify(a.body) === JSON.stringify(b.body);
}
