import type { ReprDigests } from "#contract/jobs.ts";
import { ProcessorFailure } from "./failure.ts";
import { DIGEST_MISMATCH, ObjectDigests } from "./object-digests.ts";
import type { StoredObject } from "./object-store.ts";
import { MAX_SCAN_BYTES } from "./scan/clamd-config.ts";
import { type ClamdAddress, InstreamScan } from "./scan/instream.ts";
import { type ScanVerdict, unscannable } from "./scan/verdict.ts";
import { Sniffer } from "./sniff.ts";

/** What one pass over an object's bytes tells. */
export type Inspection = ScanVerdict & {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly sniffedType: string | null;
  /** As much of its beginning as the edge looks at. */
  readonly head: Uint8Array;
  /** Whether it begins as a zip does. */
  readonly isZip: boolean;
};

/** The part of `InstreamScan` that the pass needs. */
interface Scan {
  write(chunk: Uint8Array): Promise<void>;
  finish(): Promise<ScanVerdict>;
  close(): void;
}

/**
 * Reads the object once, through the scanner, the digests and the sniffer together. The next chunk is asked for when the
 * scanner has taken the last one, so memory doesn't grow with the file.
 * Throws SCANNER_UNAVAILABLE, or STORE_UNAVAILABLE for a body that breaks or ends early.
 * @param signal the deadline of the whole pass
 * @param expected digests that the client announced: an object with others is never clean
 */
export async function inspectObject(
  object: StoredObject,
  scanner: ClamdAddress,
  signal: AbortSignal,
  expected: ReprDigests = {},
): Promise<Inspection> {
  const scan = openScan(object.sizeBytes, scanner, signal);
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
    return { ...verdict, sizeBytes, sha256, sniffedType, head: sniffer.head, isZip };
  } finally {
    scan.close();
  }
}

/** What clamd would refuse for its size isn't sent to it: it is hashed, and unscannable. */
function openScan(sizeBytes: number, scanner: ClamdAddress, signal: AbortSignal): Scan {
  if (sizeBytes <= MAX_SCAN_BYTES) return new InstreamScan(scanner, sizeBytes, signal);
  return {
    write: async () => signal.throwIfAborted(),
    finish: async () => unscannable("Limits.StreamMaxLength"),
    close: () => undefined,
  };
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
