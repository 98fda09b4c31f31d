import { useEffect, useState } from "react";
import type { Summary } from "./summary.ts";

/** What a file costs beside its bytes, in bytes that could be sent in the time: its requests, mostly. */
const FILE_BYTES = 64 * 1024;
/** What is older says nothing of the line as it is. */
const WINDOW_MS = 20_000;
/** Less says too little. */
const ENOUGH_MS = 2_000;
const EVERY_MS = 500;

interface Sample {
  readonly atMs: number;
  readonly done: number;
}

type Work = Pick<Summary, "uploaded" | "running" | "sentBytes" | "leftFiles" | "leftBytes">;

/** How long many files take, where each by itself is over before its speed is known. */
export class TimeLeft {
  #samples: readonly Sample[] = [];

  /**
   * Takes note of how far they are.
   * @returns seconds left; undefined until enough was seen, and while nothing is being sent
   */
  note({ uploaded, running, sentBytes, leftFiles, leftBytes }: Work, nowMs: number): number | undefined {
    if (running === 0) this.#samples = [];
    if (running === 0) return undefined;
    const done = sentBytes + uploaded * FILE_BYTES;
    const left = leftBytes + leftFiles * FILE_BYTES;
    const last = this.#samples.at(-1);
    // What was taken off the list, or is sent anew, isn't to be counted as sent backwards.
    if (last !== undefined && done < last.done) this.#samples = [];
    if (last === undefined || nowMs - last.atMs >= EVERY_MS || done < last.done)
      this.#samples = [...this.#samples, { atMs: nowMs, done }].filter(
        ({ atMs }) => nowMs - atMs <= WINDOW_MS,
      );
    const [first] = this.#samples;
    // Of less than a file's worth most was waiting.
    if (first === undefined || nowMs - first.atMs < ENOUGH_MS || done - first.done < FILE_BYTES)
      return undefined;
    return (left * (nowMs - first.atMs)) / (done - first.done) / 1000;
  }
}

/** The time left of many uploads; of few, that of their bytes. */
export function useTimeLeft(summary: Summary): number | undefined {
  const [timeLeft] = useState(() => new TimeLeft());
  const [seconds, setSeconds] = useState<number>();
  useEffect(() => setSeconds(timeLeft.note(summary, Date.now())), [summary, timeLeft]);
  if (summary.running + summary.uploaded > FEW) return seconds;
  return summary.sentBytes < FILE_BYTES ? undefined : summary.secondsLeft;
}

/** Of so many at most each shows by itself how long it takes. */
const FEW = 8;
