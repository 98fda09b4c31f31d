import { fstatSync, mkdirSync, openSync, renameSync, closeSync, writeSync } from "node:fs";
import { join } from "node:path";

/** The log and the one before it take twice that at most. */
const LIMIT_BYTES = 16 * 1024 * 1024;

export type Log = (source: string, text: string) => void;

/**
 * Opens `stack.log` in `directory`. One that is full becomes `stack.log.1`. A log that can't be written ends no stack:
 * lines are dropped as long as that is so.
 * @param onTrouble told, once, in a sentence, that nothing is logged
 */
export function openLog(
  directory: string,
  onTrouble: (sentence: string) => void,
  limitBytes = LIMIT_BYTES,
): Log {
  const path = join(directory, "stack.log");
  mkdirSync(directory, { recursive: true });
  let file = openSync(path, "a");
  let sizeBytes = fstatSync(file).size;
  let isTold = false;

  function turnOver(): void {
    renameSync(path, `${path}.1`);
    closeSync(file);
    file = openSync(path, "a");
    sizeBytes = 0;
  }

  return (source, text) => {
    try {
      if (sizeBytes >= limitBytes) turnOver();
      // At once and in order, so that the last line before a crash is there.
      sizeBytes += writeSync(file, `${new Date().toISOString()} [${source}] ${text.trimEnd()}\n`);
    } catch (error) {
      if (!isTold) onTrouble(describeTrouble(path, error));
      isTold = true;
    }
  };
}

function describeTrouble(path: string, error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  const advice = code === "ENOSPC" ? "free some space on its disk" : "see to it that it can be written";
  return `Nothing is logged: ${path} can't be written (${code}); ${advice}.`;
}
