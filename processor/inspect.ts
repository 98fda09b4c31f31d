import type { ReprDigests } from "#contract/jobs.ts";
import { ArchiveWalk } from "./archives/archive-walk.ts";
import { ProcessorFailure } from "./failure.ts";
import { MailWalk } from "./mail/mail-walk.ts";
import { DIGEST_MISMATCH, ObjectDigests } from "./object-digests.ts";
import type { StoredObject } from "./object-store.ts";
import type { OpenScan } from "./scan/crash-guard.ts";
import type { Scan } from "./scan/scanner.ts";
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

/** What is known of an object before it is read. */
interface Expectations {
  /** What it is said to be. */
  readonly declaredType?: string;
  /** Digests that the client announced: an object with others is never clean. */
  readonly digests?: ReprDigests | undefined;
  /** The name of the limit that it exceeds: it isn't scanned. */
  readonly excess?: string | undefined;
}

/**
 * Reads the object once, through the scanner, the digests and the sniffer together. The next chunk is asked for when the
 * scanner has taken the last one, so memory doesn't grow with the file.
 * Throws SCANNER_UNAVAILABLE, or STORE_UNAVAILABLE for a body that breaks or ends early.
 * @param signal the deadline of the whole pass
 */
export async function inspectObject(
  object: StoredObject,
  openScan: OpenScan,
  signal: AbortSignal,
  { declaredType, digests: expected, excess }: Expectations = {},
): Promise<Inspection> {
  const scan = openExcess(excess, signal) ?? openScan(object.sizeBytes, signal);
  const digests = new ObjectDigests(expected ?? {});
  const sniffer = new Sniffer();
  const archive = new ArchiveWalk(object.sizeBytes, declaredType);
  const mail = new MailWalk(declaredType);
  try {
    const sizeBytes = await passThrough(object, async (chunk) => {
      digests.update(chunk);
      sniffer.push(chunk);
      mail.push(chunk);
      await Promise.all([scan.write(chunk), archive.push(chunk)]);
    });
    // Not ended, what the scanner has is never scanned.
    const found = archive.excess === undefined ? await scan.finish() : unscannable(archive.excess);
    const { sha256, asExpected } = digests.finish();
    // Malware is malware, whatever its digest; what isn't the announced file must not be taken for it.
    const fault = asExpected ? (archive.finish() ?? mail.finish()) : DIGEST_MISMATCH;
    const verdict = found.verdict === "clean" && fault !== undefined ? unscannable(fault) : found;
    const [sniffedType, isZip] = [await sniffer.detect(), sniffer.startsAsZip()];
    return { ...verdict, sizeBytes, sha256, sniffedType, head: sniffer.head, isZip };
  } finally {
    scan.close();
    archive.close();
  }
}

/** Of what nobody reads any more: its size and its hash, which a verdict tells, and no parser near it. Throws as `inspectObject`. */
export async function hashUnread(
  object: StoredObject,
  reason: string,
  signal: AbortSignal,
): Promise<Inspection> {
  const digests = new ObjectDigests({});
  const sizeBytes = await passThrough(object, async (chunk) => {
    signal.throwIfAborted();
    digests.update(chunk);
  });
  const { sha256 } = digests.finish();
  return {
    ...unscannable(reason),
    ...{ sizeBytes, sha256, sniffedType: null, head: new Uint8Array(), isZip: false },
  };
}

/** What the scanner would take too long for isn't given to it: it is hashed, and unscannable. */
function openExcess(excess: string | undefined, signal: AbortSignal): Scan | undefined {
  if (excess === undefined) return undefined;
  return {
    write: async () => signal.throwIfAborted(),
    finish: async () => unscannable(excess),
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
