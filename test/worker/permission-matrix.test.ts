import { describe, expect, test } from "vitest";
import { ENTITY_ACTIONS } from "#contract/entity-grants.ts";
import { FileId } from "#contract/ids.ts";
import { publicUrlMaker } from "../../worker/delivery/public-url.ts";
import { signDownload } from "../../worker/delivery/signed-url.ts";
import type { Caller } from "../support/api.ts";
import { newCaller } from "../support/api.ts";
import { grantEntity } from "../support/entity-grants.ts";
import type { Place } from "../support/file-states.ts";
import { makeFileIn, patchFile, PLACES, postBulk, publish, shareFile } from "../support/file-states.ts";
import { runs } from "../support/runs.ts";
import { sharedWorkerAlone } from "../support/shared-worker.ts";

/**
 * Everybody who may come, everything they may want, everywhere a file may be: asked of the real routes. What is expected
 * is written here a second time, on purpose, and not taken from the product's own table.
 */

const worker = sharedWorkerAlone();

const json = (body: object): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

type Ask = (caller: Caller, fileId: string) => Promise<Response>;
const ASKED = {
  view: (caller, id) => caller.fetch(`/v1/files/${id}`),
  download: (caller, id) => caller.fetch(`/v1/files/${id}/content`),
  sign: (caller, fileId) => caller.fetch("/v1/signed-urls", json({ items: [{ fileId }] })),
  edit: (caller, id) => patchFile(caller, id, { filename: "other.txt", tags: ["a"] }),
  publish: (caller, id) => patchFile(caller, id, { isPublic: true }),
  delete: (caller, id) => caller.fetch(`/v1/files/${id}`, { method: "DELETE" }),
  restore: (caller, id) => caller.fetch(`/v1/files/${id}/restore`, { method: "POST" }),
  purge: (caller, id) => caller.fetch(`/v1/files/${id}?permanent=true`, { method: "DELETE" }),
} satisfies Record<string, Ask>;
type Asked = keyof typeof ASKED;
const ASKED_NAMES = Object.keys(ASKED) as Asked[];

/** The same in bulk, where there is such a thing. */
const IN_BULK: Partial<Record<Asked, object>> = {
  edit: { action: "tag", tags: ["a"] },
  delete: { action: "delete" },
  restore: { action: "restore" },
  purge: { action: "purge" },
};

const READ = ["view", "download", "sign"] as const;
const MAY: Readonly<Record<string, readonly Asked[]>> = {
  owner: ASKED_NAMES,
  admin: ASKED_NAMES,
  service: ASKED_NAMES,
  "delete share": [...READ, "delete"],
  "download share": READ,
  "view share": ["view"],
  colleague: READ,
  "colleague and delete share": [...READ, "delete"],
  "colleague where entities are their owners'": [],
  "download grant": READ,
  "delete grant": ["view", "delete"],
  "upload grant": [],
  "grant of another entity": [],
  "expired share": [],
  stranger: [],
  "other tenant": [],
};

const EVERYBODY = Object.keys(MAY);

/** Where who may do what is told by itself; elsewhere, it is that together with the place's own answers. */
const TELLING: ReadonlySet<Place> = new Set(["clean", "in the trash"]);

/** Everybody at the telling places; at each of the others some, who change from place to place. */
function askersAt(place: Place): readonly string[] {
  if (TELLING.has(place)) return EVERYBODY;
  const turn = PLACES.filter((each) => !TELLING.has(each)).indexOf(place);
  return EVERYBODY.filter((_, index) => (index + turn) % runs(3, 1) === 0);
}

/** Bulk asks by the same table: those who may all, a part, and nothing. */
function bulkAskersAt(place: Place): readonly string[] {
  return askersAt(place).filter((who) => EVERYBODY.indexOf(who) % runs(2, 1) === 0);
}

const NOT_FOUND = "404 FILE_NOT_FOUND";
const NOT_READY = "409 FILE_NOT_READY";
const BLOCKED = "403 FILE_BLOCKED";
const IN_TRASH = "409 FILE_IN_TRASH";
const LIVE = {
  view: "200",
  edit: "200",
  publish: "200",
  delete: "204",
  restore: "409 FILE_NOT_IN_TRASH",
  purge: "204",
};

/** What whoever may do everything is answered. */
const ANSWERS: Readonly<Record<Place, Readonly<Record<Asked, string>>>> = {
  uploading: { ...LIVE, download: NOT_READY, sign: NOT_READY },
  quarantined: { ...LIVE, download: NOT_READY, sign: NOT_READY },
  clean: { ...LIVE, download: "200", sign: "200" },
  infected: { ...LIVE, download: BLOCKED, sign: BLOCKED },
  unscannable: { ...LIVE, download: BLOCKED, sign: BLOCKED },
  "in the trash": {
    view: "200",
    download: NOT_FOUND,
    sign: NOT_FOUND,
    edit: IN_TRASH,
    publish: IN_TRASH,
    delete: NOT_FOUND,
    restore: "200",
    purge: "204",
  },
  purging: {
    view: NOT_FOUND,
    download: NOT_FOUND,
    sign: NOT_FOUND,
    edit: NOT_FOUND,
    publish: NOT_FOUND,
    delete: NOT_FOUND,
    restore: NOT_FOUND,
    purge: NOT_FOUND,
  },
};

function expectedAnswer(who: string, place: Place, asked: Asked): string {
  const isOther = / share$| grant$|^colleague/.test(who);
  const seesNothing =
    !MAY[who]?.includes("view") || place === "purging" || (isOther && place === "in the trash");
  if (seesNothing) return NOT_FOUND;
  return MAY[who]?.includes(asked) ? ANSWERS[place][asked] : "403 PERMISSION_REQUIRED";
}

async function told(answer: Response): Promise<string> {
  const text = await answer.text();
  if (answer.ok) return String(answer.status);
  return `${answer.status} ${(JSON.parse(text) as { code: string }).code}`;
}

async function toldInBulk(answer: Response): Promise<string> {
  const { items } = (await answer.json()) as {
    items: { ok: boolean; error?: { status: number; code: string } }[];
  };
  const [item] = items;
  return item?.error === undefined
    ? item?.ok === true
      ? "ok"
      : ""
    : `${item.error.status} ${item.error.code}`;
}

/** What leaves a file where it is can all be asked of one; the rest, of a file each. Restoring comes last. */
const MOVING: ReadonlySet<Asked> = new Set(["delete", "purge"]);

async function askAll(
  ask: (fileId: string, asked: Asked) => Promise<string>,
  newFile: () => Promise<string>,
  names: readonly Asked[],
): Promise<Record<string, string>> {
  const seen: Record<string, string> = {};
  const staying = await newFile();
  for (const asked of names) {
    seen[asked] = await ask(MOVING.has(asked) ? await newFile() : staying, asked);
  }
  return seen;
}

async function callerAs(who: string, owner: Caller): Promise<Caller> {
  const stack = worker;
  if (who === "owner") return owner;
  if (who === "other tenant") return newCaller({ stack, role: "admin" });
  if (who.includes("grant")) return holderFor(who, owner);
  const role = who === "admin" || who === "service" ? who : "member";
  return newCaller({ stack, tenantId: owner.tenantId, user: "bob", role });
}

/** Bob, with a grant that is for what its name says, or for all that there is with another contact. */
async function holderFor(who: string, { tenantId }: Caller): Promise<Caller> {
  const backend = await newCaller({ stack: worker, tenantId, user: "crm", role: "service" });
  const [action] = ENTITY_ACTIONS.filter((each) => who === `${each} grant`);
  return grantEntity(backend, action === undefined ? { entityId: "c-2" } : { allow: [action] });
}

/** A file of Ann's in a place, shared with Bob as his name in the table says. */
async function fileFor(who: string, place: Place, owner: Caller): Promise<string> {
  return makeFileIn(worker, owner, place, async (fileId) => {
    if (/grant|^colleague/.test(who)) await attach(owner, fileId, who);
    const permission = who.split(" ").at(-2) ?? "";
    if (who === "expired share") await shareFile(worker, owner, fileId, "bob", "delete", Date.now() - 1);
    else if (who.endsWith(" share")) await shareFile(worker, owner, fileId, "bob", permission);
  });
}

/** Attaches it to an entity, whose files all members see, or their owners: a grant then is all that there is. */
async function attach({ tenantId }: Caller, fileId: string, who: string): Promise<void> {
  await worker.query("UPDATE files SET entity_type = 'contact', entity_id = 'c-1' WHERE id = ?", fileId);
  const settings = /grant|their owners'$/.test(who) ? { entityAccess: "owner" } : {};
  const statement = "UPDATE tenants SET settings = ? WHERE tenant_id = ?";
  await worker.query(statement, JSON.stringify(settings), tenantId);
}

test("everybody comes to some place beside those that tell", () => {
  const elsewhere = PLACES.filter((place) => !TELLING.has(place));
  expect(new Set(elsewhere.flatMap(askersAt))).toEqual(new Set(EVERYBODY));
});

describe.each(PLACES)("a file that is %s", (place) => {
  test.each(askersAt(place))("asked for by: %s", async (who) => {
    const owner = await newCaller({ stack: worker });
    const caller = await callerAs(who, owner);
    const ask = async (fileId: string, asked: Asked) => told(await ASKED[asked](caller, fileId));
    const seen = await askAll(ask, () => fileFor(who, place, owner), ASKED_NAMES);
    expect(seen).toEqual(
      Object.fromEntries(ASKED_NAMES.map((asked) => [asked, expectedAnswer(who, place, asked)])),
    );
  });

  test.each(bulkAskersAt(place))("asked for in bulk by: %s", async (who) => {
    const owner = await newCaller({ stack: worker });
    const caller = await callerAs(who, owner);
    const names = Object.keys(IN_BULK) as Asked[];
    const ask = async (fileId: string, asked: Asked) =>
      toldInBulk(await postBulk(caller, { ...IN_BULK[asked], fileIds: [fileId] }));
    const seen = await askAll(ask, () => fileFor(who, place, owner), names);
    const expected = names.map((asked) => {
      const single = expectedAnswer(who, place, asked);
      return [asked, single.startsWith("2") ? "ok" : single];
    });
    expect(seen).toEqual(Object.fromEntries(expected));
  });

  test("asked for by the holder of a signed URL", async () => {
    const owner = await newCaller({ stack: worker });
    const fileId = FileId.parse(await makeFileIn(worker, owner, place));
    const path = await signDownload(
      {
        ...{ tenantId: owner.tenantId, fileId, version: 1, variant: "original", disposition: "attachment" },
        expiresAtSeconds: Math.floor(Date.now() / 1000) + 60,
      },
      "notes.txt",
      [{ kid: "local", secret: worker.signedUrlSecret }],
    );
    expect(await told(await fetch(new URL(path, worker.url)))).toBe(ANSWERS[place].download);
  });

  test("asked for by the holder of its public URL", async () => {
    const owner = await newCaller({ stack: worker });
    let url = "";
    await makeFileIn(worker, owner, place, async (fileId) => {
      url = await publish(owner, fileId);
    });
    expect(await told(await fetch(url))).toBe(place === "clean" ? "200" : NOT_FOUND);
  });

  test("asked for by the public URL that it would have, were it public", async () => {
    const owner = await newCaller({ stack: worker });
    const id = FileId.parse(await makeFileIn(worker, owner, place));
    const publicUrlOf = publicUrlMaker(worker.url, [{ kid: "local", secret: worker.signedUrlSecret }]);
    const url = await publicUrlOf({ tenantId: owner.tenantId, id, filename: "notes.txt" });
    expect(await told(await fetch(url))).toBe(NOT_FOUND);
  });
});
