/**
 * Which tests reach a source file, by the beginning of its path: the quick ones first. The first that fits counts. Most
 * tests run the worker as one bundle, so nothing but this list knows.
 */
const TESTS: readonly (readonly [source: string, tests: readonly string[]])[] = [
  [
    "processor/scan/",
    ["test/processor/scan", "test/processor/pipeline", "test/processor/consumer", "test/processor/main"],
  ],
  ["worker/uploads/tus/", ["test/worker/tus", "test/worker/crossed-protocols"]],
  ["worker/uploads/ietf/", ["test/worker/ietf-", "test/worker/crossed-protocols"]],
  ["worker/uploads/plain/", ["test/worker/unit/form-reader", "test/worker/plain-uploads"]],
  [
    "worker/uploads/joining/",
    ["test/worker/tus-concatenation", "test/faults/joining", "test/records/quota-partials"],
  ],
  [
    "worker/uploads/writing/",
    [
      ...["writer-slot", "parts", "byte-rows", "content-type"].map((name) => `test/worker/unit/${name}`),
      ...[
        "tus-append",
        "tus-checksum",
        "tus-creation-with",
        "ietf-append",
        "ietf-digests",
        "split-malware",
      ].map((name) => `test/worker/${name}`),
      ...[
        "store",
        "stalled",
        "short-memory",
        "late-parts",
        "interleavings",
        "refused-bodies",
        "told-lengths",
      ].map((name) => `test/faults/${name}`),
    ],
  ],
  [
    "worker/uploads/",
    [
      "test/worker/unit/",
      "test/worker/tus",
      "test/worker/ietf-",
      ...["broken-objects", "store", "lost", "told-lengths", "joining", "late-parts"].map(
        (name) => `test/faults/${name}`,
      ),
    ],
  ],
  [
    "worker/services/content-",
    ["test/worker/unit/content-type", "test/worker/plain-uploads", "test/worker/tus.test"],
  ],
  [
    "worker/services/erasure",
    ["test/faults/erasure", "test/worker/erasing-tenant", "test/worker/tenant-admin"],
  ],
  ["worker/services/export", ["test/worker/export", "test/faults/export"]],
  [
    "worker/services/list",
    ["test/worker/unit/list-plans", "test/worker/listing", "test/worker/entity-counts"],
  ],
  ["worker/services/file-list", ["test/worker/listing", "test/worker/trash", "test/worker/shares"]],
  ["worker/services/purge", ["test/worker/purge", "test/faults/purge", "test/worker/trash"]],
  [
    "worker/services/object-removals",
    ["test/worker/purge", "test/faults/purge", "test/faults/version-removal"],
  ],
  ["worker/services/quota", ["test/worker/quota", "test/records/quota"]],
  [
    "worker/services/re",
    ["test/worker/reports", "test/worker/quota", "test/records/quota", "test/faults/lost"],
  ],
  [
    "worker/services/ser",
    ["test/worker/signed-urls", "test/worker/public-urls", "test/worker/shares", "test/worker/versions"],
  ],
  ["worker/services/share", ["test/worker/share", "test/worker/signed-urls"]],
  ["worker/services/link", ["test/worker/share"]],
  ["worker/services/tenant", ["test/worker/unit/tenant-permissions", "test/worker/tenant"]],
  ["worker/services/upload", ["test/worker/upload-grant", "test/worker/tus", "test/records/quota"]],
  ["worker/services/version", ["test/worker/version", "test/faults/version-removal"]],
  ["worker/services/audit", ["test/worker/audit"]],
  ["worker/services/bulk", ["test/worker/bulk"]],
  ["worker/services/trash", ["test/worker/trash", "test/worker/bulk"]],
];

/** What takes every route, one way or another: for all of the worker's services. */
const EVERYWHERE = ["test/worker/files", "test/worker/permission-matrix", "test/worker/documented-errors"];

/** Vitest's filters for the tests that might notice a change to `file`. */
export function testsOf(file: string): readonly string[] {
  const found = TESTS.find(([source]) => file.startsWith(source))?.[1] ?? [];
  return file.startsWith("worker/services/") ? [...found, ...EVERYWHERE] : found;
}
