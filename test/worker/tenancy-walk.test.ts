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
import { ENTITY, grantEntity } from "../support/entity-grants.ts";
import type { ApiDocument, Operation } from "../support/open-api/document.ts";
import { fetchDocument, nameOf } from "../support/open-api/document.ts";
import type { PlannedRequest } from "../support/open-api/requests.ts";
import { initOf } from "../support/open-api/requests.ts";
import type { Ids, Pair } from "../support/tenancy.ts";
import { idsOf, pairsFor, walkedOperations } from "../support/tenancy.ts";

/**
 * Every operation of the document is asked about what another tenant has and about what nobody has: status, headers and
 * body must be the same. An operation that takes an id that `idsOf` doesn't know of fails it.
 */

let document: ApiDocument;
let ids: readonly Ids[];
let walks: readonly Walk[];

/** What one operation is asked. */
interface Walk {
  readonly operation: Operation;
  readonly steps: readonly (Pair & { readonly known: Ids })[];
}

beforeAll(async () => {
  document = await fetchDocument(sharedStack().url);
  ids = await makeTheirs();
  walks = walkedOperations(document).map((operation) => ({
    operation,
    steps: ids.flatMap((known) => pairsFor(document, operation, known).map((pair) => ({ ...pair, known }))),
  }));
});

/** What another tenant has, in several states. */
async function makeTheirs(): Promise<readonly Ids[]> {
  const them = await newCaller({ role: "admin" });
  const attached = { filename: "notes.txt", ...ENTITY };
  const clean = await uploadFile(them, new TextEncoder().encode("theirs"), attached);
  const deleted = await uploadFile(them, new TextEncoder().encode("was theirs"));
  await Promise.all([clean, deleted].map((fileId) => waitForVerdict(them, fileId)));
  await them.fetch(`/v1/files/${deleted}`, { method: "DELETE" });
  const uploading = fileIdOf(await createUpload(them, 100));
  return Promise.all([clean, deleted, uploading].map((fileId) => idsOf(them, fileId)));
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

/** Ids of the CRM's own things, which we only keep; and what is to be done, which is in a path too. */
const FOREIGN_WORDS: ReadonlySet<string> = new Set([
  ...["entityId", "operationId", "requestId", "ownerId"],
  "change",
]);

test("every id that an operation takes is one of those walked with", () => {
  const known = new Set([...Object.keys(ids[0] ?? {}), ...FOREIGN_WORDS]);
  const unknown = walkedOperations(document).flatMap((operation) =>
    idNamesOf(operation)
      .filter((name) => !known.has(name))
      .map((name) => `${nameOf(operation)}: ${name}`),
  );
  expect(unknown).toEqual([]);
});

/** To all others, a grant's token is none. */
function takesEntityGrant({ security }: Operation): boolean {
  return (security ?? []).some((each) => Object.hasOwn(each, "entityGrant"));
}

/** A caller of a role, or a user with a grant for all that can be done with what is attached to an entity. */
async function walker(who: "admin" | "service" | "member" | "grant's holder"): Promise<Caller> {
  if (who !== "grant's holder") return newCaller({ role: who });
  return grantEntity(await newCaller({ role: "service" }), { userId: "ann", ...ENTITY });
}

test.each(["admin", "service", "member", "grant's holder"] as const)(
  "to a tenant's %s, what another tenant has is as what nobody has",
  async (who) => {
    const caller = await walker(who);
    const isGrant = who === "grant's holder";
    const walked = walks.filter(({ operation }) => !isGrant || takesEntityGrant(operation));
    for (const { theirs, missing, known } of walked.flatMap(({ steps }) => steps)) {
      const answers = [await ask(caller, theirs, known), await ask(caller, missing, known)];
      expect(answers[0], `${theirs.target} ${JSON.stringify(theirs.body)}`).toEqual(answers[1]);
    }
    expect(walked.length).toBeGreaterThan(5);
  },
);
