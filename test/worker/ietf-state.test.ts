import { expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { fileIdOf, newCaller } from "../support/api.ts";
import {
  appendAt,
  begin,
  finishAt,
  limitsIn,
  offsetOf,
  openAppend,
  statusIn,
  uploadWhole,
} from "../support/ietf.ts";
import { expectReceived, expectStored, textOf } from "../support/tus.ts";

const METHODS = ["HEAD", "GET"] as const;

interface Made {
  readonly location: string;
  readonly status: ReturnType<typeof statusIn>;
}

/** Uploads in each state that can be asked for. */
const UPLOADS: readonly (readonly [what: string, make: (caller: Caller) => Promise<Made>])[] = [
  [
    "just begun",
    async (caller) => ({
      location: await begin(caller),
      status: { offset: "0", complete: "?0", length: null },
    }),
  ],
  [
    "of a length not told",
    async (caller) => ({
      location: await begin(caller, {}, "abc"),
      status: { offset: "3", complete: "?0", length: null },
    }),
  ],
  [
    "of a length told",
    async (caller) => ({
      location: await begin(caller, { "upload-length": "7" }, "abc"),
      status: { offset: "3", complete: "?0", length: "7" },
    }),
  ],
  [
    "whose bytes are all there, but that nobody completed",
    async (caller) => ({
      location: await begin(caller, { "upload-length": "3" }, "abc"),
      status: { offset: "3", complete: "?0", length: "3" },
    }),
  ],
  [
    "of length 0 that nobody completed",
    async (caller) => ({
      location: await begin(caller, { "upload-length": "0" }),
      status: { offset: "0", complete: "?0", length: "0" },
    }),
  ],
  [
    "completed",
    async (caller) => {
      const location = await begin(caller, {}, "abc");
      await finishAt(caller, location, 3, "d");
      return { location, status: { offset: "4", complete: "?1", length: "4" } };
    },
  ],
  [
    "made in one request",
    async (caller) => ({
      location: `/v1/uploads/${await uploadWhole(caller, "abc")}`,
      status: { offset: "3", complete: "?1", length: "3" },
    }),
  ],
];

const CASES = METHODS.flatMap((method) => UPLOADS.map(([what, make]) => [method, what, make] as const));

test.each(CASES)(
  "ietf 26, 27, 28, 29, 30: %s of an upload %s tells offset, completeness, length, limits; not to be stored",
  async (method, _what, make) => {
    const caller = await newCaller();
    const { location, status } = await make(caller);
    const answer = await caller.fetch(location, { method, redirect: "manual" });
    expect(answer.status).toBe(204);
    expect(statusIn(answer)).toEqual(status);
    expect(limitsIn(answer)).toEqual({
      "max-size": 100 * 1024 * 1024,
      "min-size": 0,
      "max-append-size": 100_000_000,
      "max-age": expect.any(Number),
    });
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await answer.text()).toBe("");
  },
);

test.each(METHODS)("ietf 30: a refusal of %s isn't to be stored either", async (method) => {
  const answer = await (await newCaller()).fetch(`/v1/uploads/${"0".repeat(26)}`, { method });
  expect(answer.status).toBe(404);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(answer.headers.get("upload-offset")).toBeNull();
});

test.each(["", "/", "//", "?x=1", "/."])(
  "ietf 31: no address near an upload's redirects (%s)",
  async (suffix) => {
    const caller = await newCaller();
    const location = await begin(caller, {}, "abc");
    for (const method of [...METHODS, "DELETE"]) {
      const answer = await caller.fetch(`${location}${suffix}`, { method, redirect: "manual" });
      expect([200, 204, 404, 405]).toContain(answer.status);
    }
  },
);

test("ietf 32: the offset never goes back, whatever is refused, cut or repeated", async () => {
  const caller = await newCaller();
  const bytes = textOf(9_000_000);
  const location = await begin(caller, { "upload-length": String(bytes.byteLength) });
  let known = 0;
  const look = async () => {
    const offset = await offsetOf(caller, location);
    expect(offset).toBeGreaterThanOrEqual(known);
    known = offset;
  };
  await appendAt(caller, location, 0, bytes.subarray(0, 1000));
  await look();
  await appendAt(caller, location, 0, "x");
  await look();
  await appendAt(caller, location, 1000, "x", { "content-digest": `sha-256=:${"A".repeat(43)}=:` });
  await look();
  await appendAt(caller, location, 1000, "x", { "upload-length": "5" });
  await look();
  const cut = await openAppend(caller, location, 1000, { "content-length": "8999000" });
  await cut.write(bytes.subarray(1000, 8_600_000));
  await cut.end();
  await look();
  expect(known).toBe(8_600_000);
  await finishAt(caller, location, known, bytes.subarray(known));
  await look();
  await finishAt(caller, location, 0, null);
  await look();
  expect(known).toBe(bytes.byteLength);
  await expectStored(caller, fileIdOf(location), bytes);
});

test("ietf 32: an upload whose state is gone refuses everything", async () => {
  const caller = await newCaller();
  const location = await begin(caller, {}, "abc");
  await caller.fetch(location, { method: "DELETE" });
  const answers = [
    await caller.fetch(location, { method: "HEAD" }),
    await caller.fetch(location),
    await appendAt(caller, location, 3, "d"),
    await appendAt(caller, location, 0, "d"),
    await finishAt(caller, location, 3, null),
    await caller.fetch(location, { method: "DELETE" }),
  ];
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404));
});

test.each(METHODS)(
  "ietf 33: the offset that %s tells is taken, though an append is still under way",
  async (method) => {
    const caller = await newCaller();
    const bytes = textOf(9_000_000);
    const location = await begin(caller, { "upload-length": String(bytes.byteLength) });
    const rest = (from: number) => String(bytes.byteLength - from);
    for (const [from, until] of [
      [0, 1],
      [2, 250_000],
      [250_001, 600_000],
    ] as const) {
      const stalled = await openAppend(caller, location, from, { "content-length": rest(from) });
      await stalled.write(bytes.subarray(from, until));
      const told = async () =>
        Number((await caller.fetch(location, { method })).headers.get("upload-offset"));
      await expect.poll(told, { interval: 20 }).toBe(until);
      const appended = await appendAt(caller, location, until, bytes.subarray(until, until + 1));
      expect(appended.status).toBe(204);
      await expectReceived(stalled, /UPLOAD_SUPERSEDED/);
      await stalled.cut();
    }
    const offset = await offsetOf(caller, location);
    expect((await finishAt(caller, location, offset, bytes.subarray(offset))).status).toBe(201);
    await expectStored(caller, fileIdOf(location), bytes);
  },
);
