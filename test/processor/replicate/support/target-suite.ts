import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { copyToTargets } from "../../../../processor/replicate/copy-to-targets.ts";
import type { ReplicaTarget } from "../../../../processor/replicate/target.ts";
import { runs } from "../../../support/runs.ts";
import {
  breakCopy,
  copyTo,
  hashOf,
  MIB,
  newOriginal,
  PART_BYTES,
  readAll,
  soon,
  stateOf,
  streamOf,
} from "./copies.ts";

/** A kind of target, as the suite needs it. */
export interface TargetUnderTest {
  /** Another one at the same place, as another process would have it. */
  create(): ReplicaTarget;
  /** What broken copies have left at the place: sessions, blocks of nothing, partial files. */
  countLeftovers(): Promise<number>;
}

const LARGE = runs(2, 300) * MIB;
const SIZES = [0, 1, 5 * MIB - 1, 5 * MIB, 5 * MIB + 1, PART_BYTES, PART_BYTES + 1, LARGE];

/** What every kind of target has to do. */
export function testTarget(place: TargetUnderTest): void {
  test.each(SIZES)("%d bytes are stored, described, and read back whole and in part", async (sizeBytes) => {
    const target = place.create();
    const described = {
      disposition: 'attachment; filename="a.txt"',
    };
    const original = newOriginal(sizeBytes, described);
    const { facts, bytes } = original;

    const outcome = await copyTo(target, original);

    expect(outcome).toMatchObject({ state: "stored", sentBytes: sizeBytes });
    const { key, sha256, contentType, disposition } = facts;
    expect(await target.find(key, soon())).toMatchObject({
      ...{ key, sizeBytes, sha256, contentType, disposition },
    });
    expect(await hashOf(target, key)).toBe(sha256);
    if (sizeBytes > 1) {
      const range = { offset: sizeBytes - 5, length: 4 };
      expect(await readAll(target, key, range)).toEqual(bytes.subarray(sizeBytes - 5, sizeBytes - 1));
    }
    expect(await place.countLeftovers()).toBe(0);
  });

  test("what is stored already is proved, and not sent again", async () => {
    const original = newOriginal(PART_BYTES + 1);
    await copyTo(place.create(), original);
    expect(await copyTo(place.create(), original)).toMatchObject({ state: "stored", sentBytes: 0 });
  });

  test("what was broken off anywhere is gone on with, and one part at most is sent twice", async () => {
    for (let run = 0; run < runs(1, 10); run += 1) {
      const original = newOriginal(3 * PART_BYTES + 5);
      const at = randomInt(original.facts.sizeBytes);
      // The last whole part may be under way.
      const first = await breakCopy(
        place.create(),
        original,
        at,
        Math.max(0, Math.floor(at / PART_BYTES) - 1),
      );

      const outcome = await copyTo(place.create(), original);

      expect(outcome, `broken at ${at}`).toMatchObject({ state: "stored" });
      const sentBytes = first.givenBytes + outcome.sentBytes;
      expect(sentBytes, `broken at ${at}`).toBeLessThanOrEqual(original.facts.sizeBytes + PART_BYTES);
      expect(await hashOf(place.create(), original.facts.key)).toBe(original.facts.sha256);
      expect(await place.countLeftovers()).toBe(0);
    }
  });

  test("what was begun with other bytes becomes no copy, and the next try is stored", async () => {
    const original = newOriginal(2 * PART_BYTES + 5);
    const others = Buffer.from(original.bytes);
    others.write("changed", 3);
    await breakCopy(place.create(), { bytes: others, facts: original.facts }, 2 * PART_BYTES + 1, 1);

    const first = stateOf(await copyTo(place.create(), original));

    expect(["mismatch", "stored"]).toContain(first);
    if (first === "mismatch") expect(await place.create().find(original.facts.key, soon())).toBeUndefined();
    expect(stateOf(await copyTo(place.create(), original))).toBe("stored");
    expect(await hashOf(place.create(), original.facts.key)).toBe(original.facts.sha256);
  });

  test("a primary that has other bytes than were scanned is copied nowhere, and leaves nothing", async () => {
    const { bytes, facts } = newOriginal(PART_BYTES + 5);
    const others = Buffer.from(bytes);
    others.write("changed", PART_BYTES);
    const copying = copyToTargets(streamOf(others), facts, [place.create()], soon());
    await expect(copying).rejects.toMatchObject({ name: "PrimaryMismatch", kind: "mismatch" });
    expect(await place.create().find(facts.key, soon())).toBeUndefined();
    expect(await place.countLeftovers()).toBe(0);
  });

  test("removing takes the object and what tries have left; what isn't there is no error", async () => {
    const target = place.create();
    const stored = newOriginal(1);
    const begun = newOriginal(2 * PART_BYTES + 1);
    await copyTo(target, stored);
    await breakCopy(target, begun, 2 * PART_BYTES + 1, 1);

    await target.remove([stored.facts.key, begun.facts.key, "Acme/files/nobody/1/original-1"], soon());

    expect(await target.find(stored.facts.key, soon())).toBeUndefined();
    expect(await target.read(stored.facts.key, undefined, soon())).toBeUndefined();
    expect(await place.countLeftovers()).toBe(0);
  });

  test("copies are listed by prefix, in order", async () => {
    const target = place.create();
    const keys = ["b/2/original-1", "a/1/original-1", "a-b/1/original-1", "A/1/original-1"];
    const prefix = `list-${randomInt(1_000_000)}/`;
    for (const key of keys) await copyTo(target, newOriginal(2, { key: `${prefix}${key}` }));
    await copyTo(target, newOriginal(2, { key: `other-${prefix}a` }));

    const { objects, cursor } = await target.list(prefix, undefined, soon());

    const sorted = keys.map((key) => `${prefix}${key}`).toSorted();
    expect(objects).toEqual(sorted.map((key) => ({ key, sizeBytes: 2 })));
    expect(cursor).toBeUndefined();
  });

  test("a signal that is aborted ends a call with its own reason", async () => {
    const reason = new Error("stopped");
    await expect(place.create().find("Acme/a", AbortSignal.abort(reason))).rejects.toBe(reason);
  });
}
