import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TestsBySource } from "./upload-tests.ts";
import { under, UPLOAD_TESTS } from "./upload-tests.ts";

/** Of worker/services. */
const SERVICE_TESTS: TestsBySource = {
  "announce.ts": ["records/cron-calls", "faults/killed", "worker/failed-jobs"],
  "audit.ts": ["worker/audit", "worker/audited-reads", "records/audit-trail"],
  "audit-archives.ts": ["records/audit-trail"],
  "audit-events.ts": ["records/audit-trail"],
  "audit-pages.ts": ["records/audit-trail", "worker/audit"],
  "cron/audit-retention.ts": ["records/audit-trail", "records/cron-budgets"],
  "database-sizes.ts": ["records/database-sizes"],
  "bulk.ts": ["worker/bulk"],
  "content-": [
    "worker/unit/content-type",
    "worker/unit/content-type-programs",
    "worker/unit/content-type-lookalikes",
    "worker/unit/content-type-text",
    "worker/plain-uploads",
  ],
  "content-policy.ts": ["worker/content-policy", "worker/reports"],
  "cron/": ["records/cron-calls", "records/cron-budgets"],
  "cron/blocked-versions.ts": ["records/cron-calls", "worker/quarantine"],
  "cron/due-purges.ts": ["records/cron-budgets", "faults/purge"],
  "cron/erasures.ts": ["records/cron-budgets", "faults/erasure", "faults/erasure-failures"],
  "cron/left-objects.ts": ["records/cron-budgets", "faults/version-removal"],
  "cron/recounts.ts": ["records/recounts", "worker/tenant-admin"],
  "cron/replica-feed.ts": ["worker/replicas", "worker/replica-admin", "records/replica-places"],
  "cron/rescan-feed.ts": ["records/rescan-feed", "worker/rescans", "records/rescan-races"],
  "cron/reservations.ts": ["records/quota-sweep", "records/quota-partials", "records/cron-budgets"],
  "deleted-uploads.ts": ["worker/deleted-uploads", "faults/deleted-uploads"],
  "downloads.ts": [
    "worker/signed-urls",
    "worker/public-urls",
    "worker/versions",
    "worker/version-names",
    "worker/wished-derivatives",
  ],
  "empty-prefix.ts": ["worker/purge", "faults/purge"],
  "entity-grants.ts": ["worker/entity-grants", "worker/entity-grant-uploads"],
  "erasure-requests.ts": ["records/erasure-proofs", "worker/erasing-tenant", "faults/erasure-requests"],
  "erasure.ts": ["records/erasure-proofs", "faults/erasure", "faults/erasure-failures"],
  "export.ts": ["worker/export", "faults/export"],
  "file-actions.ts": ["worker/files", "worker/trash", "worker/permission-matrix"],
  "file-edits.ts": ["worker/file-edits"],
  "file-list.ts": [
    "worker/listing",
    "worker/listing-search",
    "worker/entity-counts",
    "records/list-access",
    "worker/erasing-tenant",
  ],
  "file-names.ts": ["worker/unit/headers", "worker/tus-creation", "worker/file-edits"],
  "files.ts": ["worker/files", "worker/versions", "worker/version-names"],
  "grants.ts": ["worker/entity-grant-uploads", "worker/upload-grants", "worker/upload-grant-renewals"],
  "health.ts": ["worker/files", "worker/methods", "faults/parts"],
  "idempotency.ts": ["records/idempotency", "worker/idempotency"],
  "in-turns.ts": ["records/cron-budgets", "faults/purge", "faults/version-removal", "faults/joining"],
  "late-details.ts": ["worker/form-fields"],
  "live.ts": ["worker/live"],
  "live-reports.ts": ["worker/live", "worker/replicas"],
  "link-password.ts": ["worker/link-passwords"],
  "file-list-cursor.ts": ["worker/listing", "worker/listing-limits"],
  "new-versions.ts": ["worker/versions", "worker/version-names", "worker/upload-grant-renewals"],
  "object-removals.ts": ["faults/version-removal", "worker/version-removal", "records/cron-budgets"],
  "open-readings.ts": ["worker/audited-reads"],
  "page-images.ts": ["worker/wished-derivatives"],
  "permissions.ts": ["worker/permission-matrix", "worker/shares"],
  "purge.ts": ["records/cron-budgets", "worker/purge", "worker/trash", "faults/purge"],
  "quota.ts": [
    "records/quota-limits",
    "records/quota-sweep",
    "records/open-uploads",
    "worker/quota",
    "worker/quota-unknown-lengths",
  ],
  "derivatives.ts": ["worker/derivatives"],
  "failed-jobs.ts": ["worker/failed-jobs"],
  "final-uploads.ts": ["faults/joining", "records/quota-partials"],
  "quarantine-removal.ts": ["worker/quarantine"],
  "quarantine.ts": ["worker/quarantine"],
  "repair-requests.ts": ["faults/failover-reads"],
  "repairs.ts": ["faults/failover-reads", "worker/replica-admin", "worker/replicas"],
  "replica-reads.ts": ["faults/failover-reads"],
  rescan: ["worker/rescans", "records/rescan-feed", "records/rescan-races"],
  "signable.ts": ["worker/signed-urls", "worker/signed-url-askers"],
  "stored-uploads.ts": [
    "records/quota-partials",
    "worker/versions",
    "worker/version-names",
    "worker/upload-grants-again",
  ],
  "version-cursor.ts": ["worker/quarantine"],
  "recounts.ts": ["records/recounts", "worker/tenant-admin"],
  replica: ["worker/replicas", "worker/replica-admin"],
  "first-verdict.ts": ["worker/reports", "worker/versions", "worker/version-names", "worker/replicas"],
  "reports.ts": ["worker/reports", "worker/versions", "worker/version-names"],
  "servable.ts": [
    "worker/signed-urls",
    "worker/public-urls",
    "worker/versions",
    "worker/version-names",
    "worker/shares",
  ],
  "share-access.ts": ["worker/share-records", "worker/share-links", "worker/link-passwords"],
  "share-link": ["worker/share-links", "worker/share-page", "worker/share-link-silence"],
  "shares.ts": ["worker/shares", "worker/share-records"],
  "tenant-admin.ts": ["worker/tenant-admin"],
  "tenant-permissions.ts": ["worker/unit/tenant-permissions", "worker/tenant-settings"],
  "tenants.ts": ["worker/tenant-settings", "records/tenant-buckets", "worker/tenant-admin"],
  "trash.ts": ["worker/trash", "worker/bulk"],
  "upload-grants.ts": ["worker/upload-grants", "worker/upload-grants-again", "worker/upload-grant-tokens"],
  "upload-rules.ts": ["worker/upload-rules"],
  "upload-validation.ts": ["worker/tus-creation", "worker/upload-rules", "worker/tenant-settings"],
  "uploads.ts": [
    "records/quota-partials",
    "records/quota-limits",
    "worker/upload-grants",
    "worker/versions",
    "worker/version-names",
  ],
  "versions.ts": [
    "worker/versions",
    "worker/version-names",
    "worker/version-removal",
    "faults/version-removal",
  ],
  "warnings.ts": ["worker/files", "worker/tus-creation"],
};

/**
 * Which tests reach a source file: those that are nearest to it, which notice most of its mutants in tens of seconds. The
 * longest key that fits counts. Most tests run the worker as one bundle, so nothing but this list knows.
 */
const TESTS: TestsBySource = {
  "processor/scan/": [
    ...["processor/scan-clamd", "processor/scan-streams", "processor/scan-servers", "processor/scan-judging"],
    ...["processor/pipeline-verdicts", "processor/pipeline-second-look", "processor/pipeline-derivatives"],
    "processor/scanner-monitor",
  ],
  "processor/scan/both-scanners.ts": ["processor/scanners", "processor/virustotal"],
  "processor/scan/crash-guard.ts": ["processor/crash-guard", "processor/scan-servers"],
  "processor/scan/create-scanner.ts": ["processor/scanners", "processor/config"],
  "processor/scan/scanner-choice.ts": ["processor/chosen-scanners"],
  "processor/scan/fresh-scanner.ts": ["processor/fresh-scanner"],
  "processor/scan/request-pace.ts": ["processor/virustotal"],
  "processor/scan/virustotal": ["processor/virustotal", "processor/scanners"],
  ...under("worker/services/", SERVICE_TESTS),
  ...under("worker/uploads/", UPLOAD_TESTS),
};

/**
 * The files of the tests that might notice a change to `file`.
 * @throws where the list has none for it, or one that isn't there (any more)
 */
export function testsOf(root: string, file: string): readonly string[] {
  const [nearest] = Object.keys(TESTS)
    .filter((source) => file.startsWith(source))
    .toSorted((one, other) => other.length - one.length);
  const tests = (TESTS[nearest ?? ""] ?? []).map((name) => `test/${name}.test.ts`);
  if (tests.length === 0) throw new Error(`${file} has no tests in scripts/mutants/tests-of.ts.`);
  const lost = tests.find((test) => !existsSync(join(root, test)));
  if (lost !== undefined) throw new Error(`${lost}, in scripts/mutants, is not there.`);
  return tests;
}

/** The beginnings of paths that stand for no file (any more). */
export function strayKeys(files: readonly string[]): readonly string[] {
  return Object.keys(TESTS).filter((source) => !files.some((file) => file.startsWith(source)));
}
