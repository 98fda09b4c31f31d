import { expect, test } from "vitest";
import type { Haste, Hold } from "../../../worker/uploads/writing/writer-slot.ts";
import { WriterSlot } from "../../../worker/uploads/writing/writer-slot.ts";

/** A holder that leaves as soon as it is asked to, and notes that it was. */
function obedient(hold: Hold, asked: Haste[]): Hold {
  hold.onLeave((haste) => {
    asked.push(haste);
    hold.release();
  });
  return hold;
}

test("a taker fences off the holder before it", async () => {
  const slot = new WriterSlot();
  const first = obedient(await slot.take("when-idle"), []);
  first.fence();
  await slot.take("when-idle");
  expect(() => first.fence()).toThrow(expect.objectContaining({ code: "UPLOAD_SUPERSEDED" }));
});

test("of several that wait for one holder each is asked to leave for the next, and the last one stays", async () => {
  const slot = new WriterSlot();
  obedient(await slot.take("when-idle"), []);
  const asked: Haste[][] = [[], [], []];
  const takes = asked.map(async (list) => obedient(await slot.take("at-once"), list));
  const holds = await Promise.all(takes);
  const [first, second, last] = holds.map(({ fence }) => fence);
  expect(first).toThrow(expect.objectContaining({ code: "UPLOAD_SUPERSEDED" }));
  expect(second).toThrow(expect.objectContaining({ code: "UPLOAD_SUPERSEDED" }));
  expect(last).not.toThrow();
  // All but the one that stands were told to go, once and by the next one's haste.
  expect(asked).toEqual([["at-once"], ["at-once"], []]);
});

test("a holder that doesn't leave is left behind after a second", async () => {
  const slot = new WriterSlot();
  const stubborn = await slot.take("when-idle");
  const next = await slot.take("at-once");
  next.fence();
  expect(() => stubborn.fence()).toThrow();
  // Its release comes too late to free what is another's.
  stubborn.release();
  next.fence();
});

test("who is asked before saying how is told at once", async () => {
  const slot = new WriterSlot();
  const hold = await slot.take("when-idle");
  const next = slot.take("at-once");
  const asked: Haste[] = [];
  obedient(hold, asked);
  (await next).fence();
  expect(asked).toEqual(["at-once"]);
});
