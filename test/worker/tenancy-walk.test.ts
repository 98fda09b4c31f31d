import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import {
  createUpload,
  fileIdOf,
  newCaller,
  sharedStack,
  uploadFile,
  waitForVerdict,
} from "../support/api.ts";
import type { ApiDocument, Operation } from "../support/open-api/document.ts";
import { fetchDocument, nameOf } from "../support/open-api/document.ts";
import type { PlannedRequest } from "../support/open-api/requests.ts";
import { initOf, RequestPlans } from "../support/open-api/requests.ts";
import type { Hints } from "../support/open-api/values.ts";

/**
 * Every operation of the document is asked about what another tenant has and about what nobody has: status, headers and
 * body must be the same. An operation that takes an id that this file doesn't know of fails it.
 */

/** How often each operation is asked, with other values beside the ids. */
const SAMPLES = 4;
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
type Ids = Readonly<Record<string, { readonly theirs: string; readonly missing: string }>>;

let document: ApiDocument;
let ids: readonly Ids[];

beforeAll(async () => {
  document = await fetchDocument(sharedStack().url);
  ids = await makeTheirs();
});

/** What another tenant has, in several states. */
async function makeTheirs(): Promise<readonly Ids[]> {
  const them = await newCaller({ role: "admin" });
  const clean = await uploadFile(them, new TextEncoder().encode("theirs"));
  const deleted = await uploadFile(them, new TextEncoder().encode("was theirs"));
  await Promise.all([clean, deleted].map((fileId) => waitForVerdict(them, fileId)));
  await them.fetch(`/v1/files/${deleted}`, { method: "DELETE" });
  const uploading = fileIdOf(await createUpload(them, 100));
  const linked = await them.fetch(`/v1/files/${clean}/share-links`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  const { id: linkId } = (await linked.json()) as { id: string };
  return [clean, deleted, uploading].map((fileId) => idsOf(them, fileId, linkId));
}

function idsOf(them: Caller, fileId: string, linkId: string): Ids {
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

/** The same requests to an operation about either: the ids are all that differs. */
function pairsFor(operation: Operation, known: Ids): readonly (readonly [PlannedRequest, PlannedRequest])[] {
  const sample = (which: "theirs" | "missing") =>
    fc.sample(new RequestPlans(document, hintsOf(known, which), 0).to(operation), {
      seed: SEED,
      numRuns: SAMPLES,
    });
  const missing = sample("missing");
  return sample("theirs").flatMap((request, index) => {
    const twin = missing[index];
    return twin === undefined || isSame(request, twin) ? [] : [[request, twin] as const];
  });
}

/** Whether no id was drawn: there is nothing to compare then. */
function isSame(a: PlannedRequest, b: PlannedRequest): boolean {
  return a.target === b.target && JSON.stringify(a.body) === JSON.stringify(b.body);
}

interface Told {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

/** Headers that differ from one answer to the next whatever was asked. */
const PASSING_HEADERS: ReadonlySet<string> = new Set(["date", "x-request-id"]);

async function ask(caller: Caller, request: PlannedRequest, known: Ids): Promise<Told> {
  const answer = await caller.fetch(request.target, initOf(request));
  const neutral = (text: string): string =>
    Object.entries(known)
      .filter(([name]) => name !== "version" && name !== "userId")
      .reduce(
        (rest, [name, pair]) =>
          rest.replaceAll(pair.theirs, `<${name}>`).replaceAll(pair.missing, `<${name}>`),
        text,
      )
      .replace(/"requestId":"[^"]*"/g, '"requestId":"-"')
      // What each request makes anew, of the caller's own.
      .replace(/\b[0-9a-hjkmnp-tv-z]{26}\b/g, "<made>")
      .replace(/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>");
  return {
    status: answer.status,
    headers: [...answer.headers]
      .filter(([name]) => !PASSING_HEADERS.has(name))
      .map(([name, value]) => [name, neutral(value)] as const),
    body: neutral(await answer.text()),
  };
}

/** Names of everything that a request to an operation may say an id by. */
function idNamesOf(operation: Operation): readonly string[] {
  const inPath = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  const text = JSON.stringify([operation.requestBody ?? {}, operation.parameters]);
  const mentioned = [...text.matchAll(/"(\w*(?:Id|Ids|replaces))"/g)].map(([, name = ""]) => name);
  return [...new Set([...inPath, ...mentioned])];
}

/** Ids of the CRM's own things, which we only keep. */
const FOREIGN_WORDS: ReadonlySet<string> = new Set(["entityId", "operationId", "requestId", "ownerId"]);

test("every id that an operation takes is one of those walked with", () => {
  const known = new Set([...Object.keys(ids[0] ?? {}), ...FOREIGN_WORDS]);
  const unknown = document.operations
    .filter((operation) => !CREDENTIALS.has(nameOf(operation)))
    .flatMap((operation) =>
      idNamesOf(operation)
        .filter((name) => !known.has(name))
        .map((name) => `${nameOf(operation)}: ${name}`),
    );
  expect(unknown).toEqual([]);
});

test.each(["admin", "service", "member"] as const)(
  "to a tenant's %s, what another tenant has is as what nobody has",
  async (role) => {
    const caller = await newCaller({ role });
    const walked = document.operations.filter((operation) => !CREDENTIALS.has(nameOf(operation)));
    for (const operation of walked) {
      for (const known of ids) {
        for (const [theirs, missing] of pairsFor(operation, known)) {
          const answers = [await ask(caller, theirs, known), await ask(caller, missing, known)];
          expect(answers[0], `${theirs.target} ${JSON.stringify(theirs.body)}`).toEqual(answers[1]);
        }
      }
    }
    expect(walked.length).toBeGreaterThan(5);
  },
);
