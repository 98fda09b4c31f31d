import { MAX_SCAN_BYTES } from "../scan/clamd-config.ts";

/** However well they are packed, so many bytes take the scanner no time worth a limit. */
const HARMLESS_BYTES = 100 * 1024 * 1024;
/** What is written by people and programs packs to a tenth, logs to a fiftieth. */
const MAX_RATIO = 200;

/** The name of the limit that an archive exceeds by what it unpacks to; undefined where it doesn't. */
export function findExcess(unpackedBytes: number, sizeBytes: number): string | undefined {
  if (unpackedBytes > MAX_SCAN_BYTES) return "Limits.Size";
  const isBomb = unpackedBytes > HARMLESS_BYTES && unpackedBytes > MAX_RATIO * sizeBytes;
  return isBomb ? "Limits.Ratio" : undefined;
}
