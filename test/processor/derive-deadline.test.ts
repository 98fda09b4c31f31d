import { expect, test } from "vitest";
import { withinDeriveTime } from "../../processor/derive/deadline.ts";

/** Until it is told to end. */
function work(deadline: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const end = () => reject(deadline.reason as Error);
    if (deadline.aborted) end();
    deadline.addEventListener("abort", end);
  });
}

test("what takes too long is ended, and comes again", async () => {
  const { signal } = new AbortController();
  await expect(withinDeriveTime(signal, work, 1)).rejects.toMatchObject({ code: "TOOL_BROKEN_OFF" });
});

test("what ends by itself, or by a stop, ends as it did", async () => {
  const stop = new AbortController();
  const failing = withinDeriveTime(stop.signal, () => Promise.reject(new Error("no")));
  await expect(failing).rejects.toThrow("no");
  const stopped = withinDeriveTime(stop.signal, work);
  stop.abort(new Error("no more time"));
  await expect(stopped).rejects.toThrow("no more time");
});
