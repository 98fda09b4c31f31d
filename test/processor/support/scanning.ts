import { onTestFinished } from "vitest";
import { inspectObject } from "../../../processor/inspect.ts";
import { ClamdScanner } from "../../../processor/scan/clamd-scanner.ts";
import type { OpenScan } from "../../../processor/scan/crash-guard.ts";
import type { ClamdAddress } from "../../../processor/scan/instream.ts";
import { type RunningClamd, startClamd } from "../../support/clamd.ts";

export const KIB = 1024;
/** Far more than any of these takes; a test that reaches it fails by it. */
export const PLENTY_MS = 20_000;

export async function* split(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

export async function* repeat(chunk: Uint8Array, times: number): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < times; index++) yield chunk;
}

/** What the processor finds out about a whole file, by a scanner that may be a bad one. */
export function inspect(scanner: ClamdAddress, bytes: Uint8Array, deadlineMs = PLENTY_MS) {
  const object = { sizeBytes: bytes.byteLength, body: split(bytes, 64 * KIB) };
  return inspectObject(object, opener(scanner), AbortSignal.timeout(deadlineMs));
}

export function opener(address: ClamdAddress): OpenScan {
  const scanner = new ClamdScanner(address);
  return (sizeBytes, signal) => scanner.open(sizeBytes, signal);
}

/** A real clamd, for this test. */
export async function startForTest(options?: Parameters<typeof startClamd>[0]): Promise<RunningClamd> {
  const clamd = await startClamd(options);
  onTestFinished(() => clamd.stop());
  return clamd;
}
