import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { ProcessorFailure } from "../failure.ts";
import { type ClamdAddress, InstreamScan } from "./instream.ts";
import type { ScannerVersion } from "./scanner.ts";
import { buildTestFile } from "./test-signature.ts";

/** clamd answers a command at once, also under load: one thread of its own reads them. */
const COMMAND_DEADLINE_MS = 3_000;
const SELF_TEST_DEADLINE_MS = 10_000;

/** Whether clamd answers. Never throws. */
export async function pingClamd(address: ClamdAddress): Promise<boolean> {
  try {
    return (await askClamd(address, "PING")) === "PONG\0";
  } catch {
    return false;
  }
}

/** Which engine and signatures are in use now. Throws SCANNER_UNAVAILABLE. */
export async function fetchClamdVersion(address: ClamdAddress): Promise<ScannerVersion> {
  const reply = await askClamd(address, "VERSION");
  // "ClamAV 1.4.6/27500/Mon Jan 1 10:00:00 2029", or the first part only for a local database.
  const [, engine, signatureVersion] = /^(ClamAV [^/\0]{1,80})(?:\/([^\0]{1,150}))?\0$/.exec(reply) ?? [];
  if (engine === undefined) {
    throw new ProcessorFailure("SCANNER_UNAVAILABLE", { detail: "VERSION was not answered by clamd" });
  }
  return {
    engine,
    signatureVersion: signatureVersion ?? "unnumbered",
    signaturesAtMs: parseSignatureTime(signatureVersion),
  };
}

/** The database's own time, in clamd's time zone, which isn't told: right to within half a day. Null where there is none. */
function parseSignatureTime(signatureVersion: string | undefined): number | null {
  const [, text] = /^\d+\/(\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4})$/.exec(signatureVersion ?? "") ?? [];
  const timeMs = text === undefined ? Number.NaN : Date.parse(`${text} UTC`);
  return Number.isNaN(timeMs) ? null : timeMs;
}

/**
 * Whether the scanner finds what every scanner must: an engine without signatures answers OK to everything.
 * Throws SCANNER_UNAVAILABLE when it doesn't answer.
 */
export async function findsTestFile(address: ClamdAddress): Promise<boolean> {
  const file = buildTestFile();
  const scan = new InstreamScan(address, file.byteLength, AbortSignal.timeout(SELF_TEST_DEADLINE_MS));
  await scan.write(file);
  return (await scan.finish()).verdict === "infected";
}

async function askClamd(address: ClamdAddress, command: "PING" | "VERSION"): Promise<string> {
  const socket = connect({ ...address, signal: AbortSignal.timeout(COMMAND_DEADLINE_MS) });
  socket.write(`z${command}\0`);
  try {
    return await text(socket);
  } catch (cause) {
    throw new ProcessorFailure("SCANNER_UNAVAILABLE", { detail: `${command} was not answered`, cause });
  } finally {
    socket.destroy();
  }
}
