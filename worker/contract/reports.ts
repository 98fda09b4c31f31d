import { z } from "zod";
import { ActiveFindings } from "./active-content.ts";
import { DerivativeName } from "./derivatives.ts";
import { formatHex, isTextSigned, parseHex, signText } from "./hmac.ts";
import { FileVersionRef } from "./ids.ts";
import { PageImageName } from "./page-images.ts";
import { Properties } from "./properties.ts";
import { MissingObjectReport, RepairReport } from "./repairs.ts";
import {
  ConfiguredTarget,
  CopiesStartReport,
  CopyMismatchReport,
  CopyReport,
  MAX_TARGETS,
  RemovalsReport,
  RemovalsStartReport,
} from "./replicas.ts";
import { Verdict, VersionState } from "./version-states.ts";
import { NO_WISHES, Wishes } from "./wishes.ts";

const Sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * A job is about to be done: the answer tells how its version stands, so that what was done before isn't done again.
 * Refused when the version has other bytes than the job's.
 */
export const StartReport = FileVersionRef.extend({
  kind: z.literal("start"),
  etag: z.string().min(1),
  sizeBytes: z.int().min(0),
  /** Of a job for one page. */
  page: PageImageName.optional(),
});
export type StartReport = z.infer<typeof StartReport>;

/** How a version stands after a report about it. */
export const Standing = z.object({
  state: VersionState.exclude(["uploading"]),
  sniffedType: z.string().nullable(),
  derivatives: z.array(DerivativeName),
  /** Derivatives that can't be made, or not now: nobody tries again by himself. */
  givenUp: z.array(DerivativeName),
  /** Whether a clean version is to be scanned again, before anything else is done with it. */
  mustScan: z.boolean().optional(),
  /** Whether the page that was asked about is there already. */
  hasPage: z.boolean().optional(),
  /** Of its tenant, as they are now. */
  wishes: Wishes.default(NO_WISHES),
});
export type Standing = z.infer<typeof Standing>;

/** What one pass over the object found. A version becomes available by this report, not by its derivatives. */
export const VerdictReport = FileVersionRef.extend({
  kind: z.literal("verdict"),
  /** Of the object that was read; the worker refuses a report about other bytes than those it recorded. */
  etag: z.string().min(1),
  sizeBytes: z.int().min(0),
  sha256: Sha256Hex,
  /** From the first bytes; null where they tell nothing (plain text). */
  sniffedType: z.string().nullable(),
  verdict: Verdict,
  /** Name of the malware, or of what made the file unscannable. */
  signatureName: z.string().max(200).nullable(),
  /** Of a clean one, where the tenant's files are looked through for it. The worker decides by it, as the tenant wishes then. */
  active: ActiveFindings.optional(),
  engine: z.string().max(100),
  /** Version and date of the signature database. */
  signatureVersion: z.string().max(200),
  /** When the signatures are from: how old they were is `scannedAtMs` less this. Null where the scanner can't say. */
  signaturesAtMs: z.int().nullable().optional(),
  scannedAtMs: z.int(),
});
export type VerdictReport = z.infer<typeof VerdictReport>;

const MadeName = z.union([DerivativeName, PageImageName]);

/** A derivative was written under its key (contract/keys.ts). */
export const DerivativeReport = FileVersionRef.extend({
  kind: z.literal("derivative"),
  name: MadeName,
  objectKey: z.string().min(1),
  mimeType: z.string().min(1),
  sizeBytes: z.int().min(0),
  width: z.int().min(1).nullable(),
  height: z.int().min(1).nullable(),
});
export type DerivativeReport = z.infer<typeof DerivativeReport>;

/** A derivative that there is nothing to make of, or that could not be made. */
export const MissingDerivativeReport = FileVersionRef.extend({
  kind: z.literal("missing-derivative"),
  name: MadeName,
  state: z.enum(["none", "failed"]),
  /** A sentence for people. */
  reason: z.string().min(1).max(300),
});
export type MissingDerivativeReport = z.infer<typeof MissingDerivativeReport>;

/** What was seen of a clean version on the way: added to what is known. */
export const PropertiesReport = FileVersionRef.extend({
  kind: z.literal("properties"),
  properties: Properties,
});
export type PropertiesReport = z.infer<typeof PropertiesReport>;

/** A job that was tried as often as jobs are: it waits for somebody to look at it. */
export const FailedJobReport = FileVersionRef.extend({
  kind: z.literal("failed-job"),
  etag: z.string().min(1),
  sizeBytes: z.int().min(0),
  /** Of the fault that it ended with (processor/failure.ts). */
  code: z.string().min(1).max(60),
  /** A sentence for people: no names, keys or tokens. */
  detail: z.string().min(1).max(300),
  attempts: z.int().min(1),
  /** Whether it was a rescan's. */
  rescan: z.boolean().optional(),
});
export type FailedJobReport = z.infer<typeof FailedJobReport>;

/** A program that the processor runs on files, for what it makes. */
export const ToolState = z.object({
  name: z.string().min(1).max(40),
  state: z.enum(["ok", "installing", "missing"]),
  /** A sentence: what is not made without it, and what to do about it. */
  detail: z.string().max(300),
});
export type ToolState = z.infer<typeof ToolState>;

/** Sent every few seconds and at once when something changes; `/health` is made of the newest. */
export const HeartbeatReport = z.object({
  kind: z.literal("heartbeat"),
  processorId: z.string().min(1).max(100),
  scanner: z.enum(["ok", "down"]),
  scannerDetail: z.string().max(300),
  signatureVersion: z.string().max(200).nullable(),
  queue: z.enum(["ok", "down"]),
  /** Jobs that wait in the queue, as its last answer told: rescans are fed while there are few. Null where it isn't known. */
  backlog: z.int().min(0).nullable().default(null),
  tools: z.array(ToolState).max(20).default([]),
  /** Replica targets that it copies to. */
  targets: z.array(ConfiguredTarget).max(MAX_TARGETS).default([]),
  /** By the processor's clock, later than that of its every heartbeat before: another is refused. */
  atMs: z.int(),
});
export type HeartbeatReport = z.infer<typeof HeartbeatReport>;

export const Report = z.discriminatedUnion("kind", [
  StartReport,
  VerdictReport,
  DerivativeReport,
  MissingDerivativeReport,
  PropertiesReport,
  FailedJobReport,
  RepairReport,
  MissingObjectReport,
  HeartbeatReport,
  CopiesStartReport,
  CopyReport,
  CopyMismatchReport,
  RemovalsStartReport,
  RemovalsReport,
]);
export type Report = z.infer<typeof Report>;

export const REPORTS_PATH = "/v1/internal/reports";
export const REPORT_SIGNATURE_HEADER = "causeway-signature";
/** A report older or newer than this is refused; re-sent reports are signed anew. */
export const REPORT_TOLERANCE_SECONDS = 300;

function signedText(timestamp: number, body: string): string {
  return `causeway-report.${timestamp}.${body}`;
}

/**
 * The signature header of a report: `t=<Unix seconds>,v1=<hex HMAC-SHA256>`.
 * @param body the exact text that is sent
 */
export async function signReport(secret: string, body: string, nowMs: number): Promise<string> {
  const timestamp = Math.floor(nowMs / 1000);
  return `t=${timestamp},v1=${formatHex(await signText(secret, signedText(timestamp, body)))}`;
}

/** Whether `header` signs `body` and is at most `REPORT_TOLERANCE_SECONDS` from now. Compares in constant time. */
export async function verifyReport(
  secret: string,
  body: string,
  header: string,
  nowMs: number,
): Promise<boolean> {
  const match = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header);
  if (match?.[1] === undefined || match[2] === undefined) return false;
  const timestamp = Number(match[1]);
  if (Math.abs(nowMs / 1000 - timestamp) > REPORT_TOLERANCE_SECONDS) return false;
  return isTextSigned(secret, signedText(timestamp, body), parseHex(match[2]));
}
