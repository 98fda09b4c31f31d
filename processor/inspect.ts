import type { ReprDigests } from "#contract/jobs.ts";
import { ProcessorFailure } from "./failure.ts";
import { DIGEST_MISMATCH, ObjectDigests } from "./object-digests.ts";
import type { StoredObject } from "./object-store.ts";
import type { OpenScan } from "./scan/crash-guard.ts";
import { type ScanVerdict, unscannable } from "./scan/verdict.ts";
import { Sniffer } from "./sniff.ts";

/** What one pass over an object's bytes tells. */
export type Inspection = ScanVerdict & {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly sniffedType: string | null;
  /** Whether it begins as a zip does. */
  readonly isZip: boolean;
};

/**
 * Reads the object once, through the scanner, the digests and the sniffer together. The next chunk is asked for when the
 * scanner has taken the last one, so memory doesn't grow with the file.
 * Throws SCANNER_UNAVAILABLE, or STORE_UNAVAILABLE for a body that breaks or ends early.
 * @param signal the deadline of the whole pass
 * @param expected digests that the client announced: an object with others is never clean
 */
export async function inspectObject(
  object: StoredObject,
  openScan: OpenScan,
  signal: AbortSignal,
  expected: ReprDigests = {},
): Promise<Inspection> {
  const scan = openScan(object.sizeBytes, signal);
  const digests = new ObjectDigests(expected);
  const sniffer = new Sniffer();
  try {
    const sizeBytes = await passThrough(object, (chunk) => {
      digests.update(chunk);
      sniffer.push(chunk);
      return scan.write(chunk);
    });
    const found = await scan.finish();
    const { sha256, asExpected } = digests.finish();
    // Malware is malware, whatever its digest; what isn't the announced file must not be taken for it.
    const verdict = found.verdict === "clean" && !asExpected ? unscannable(DIGEST_MISMATCH) : found;
    const [sniffedType, isZip] = [await sniffer.detect(), sniffer.startsAsZip()];
    return { ...verdict, sizeBytes, sha256, sniffedType, isZip };
  } finally {
    scan.close();
  }
}

async function passThrough(
  { body, sizeBytes }: StoredObject,
  take: (chunk: Uint8Array) => Promise<void>,
): Promise<number> {
  let readBytes = 0;
  for await (const chunk of body) {
    readBytes += chunk.byteLength;
    await take(chunk);
  }
  if (readBytes === sizeBytes) return readBytes;
  throw new ProcessorFailure("STORE_UNAVAILABLE", { detail: `${readBytes} of ${sizeBytes} bytes came` });
}
