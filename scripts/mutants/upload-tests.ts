/** Tests by the beginning of a source's path, without `test/` and `.test.ts`. */
export type TestsBySource = Readonly<Record<string, readonly string[]>>;

const WRITING: TestsBySource = {
  "append-errors.ts": ["worker/tus-checksum", "worker/append-limit", "faults/refused-bodies"],
  "append-room.ts": ["worker/quota-unknown-lengths", "worker/append-limit", "worker/tus-defer-length"],
  "append.ts": ["worker/tus-append", "worker/ietf-append", "worker/tus-checksum", "faults/store"],
  "attempts.ts": ["faults/store", "faults/ended-uploads"],
  "body-checks.ts": ["worker/tus-checksum", "worker/ietf-digests", "worker/split-malware"],
  "body-source.ts": ["worker/unit/silence", "worker/tus-append", "faults/stalled"],
  "digests.ts": ["worker/tus-checksum", "worker/ietf-digests"],
  "leases.ts": ["worker/unit/leases", "worker/unit/parts"],
  "object-parts.ts": ["worker/unit/silence", "worker/tus-append", "faults/store", "faults/late-parts"],
  "part-assembly.ts": [
    "worker/unit/parts",
    "worker/tus-append",
    "worker/tus-checksum",
    "faults/store",
    "faults/short-memory",
  ],
  "part-buffer.ts": ["worker/unit/parts", "worker/unit/leases", "faults/short-memory"],
  "part-sending.ts": ["worker/tus-append", "faults/store", "faults/late-parts"],
  "part-size.ts": ["worker/unit/parts", "worker/tus-append"],
  "part-writer.ts": ["worker/tus-append", "worker/tus-checksum", "faults/store", "faults/late-parts"],
  "reading-buffers.ts": ["worker/unit/leases", "worker/unit/silence"],
  "settles-within.ts": ["worker/unit/silence", "faults/store", "faults/late-parts"],
  "slabs.ts": ["worker/unit/parts", "worker/unit/leases", "faults/short-memory"],
  "repeats.ts": ["worker/repeated-appends"],
  "require-content.ts": ["worker/tus-append", "worker/tus-creation-with-upload", "worker/unit/content-type"],
  "sniff-gate.ts": ["worker/tus-append", "worker/tus-creation-with-upload", "worker/split-malware"],
  "store-body.ts": ["worker/unit/leases", "faults/store"],
  "takeover.ts": ["worker/tus-append", "worker/crossed-protocols", "faults/stalled-writers"],
  "times.ts": ["worker/unit/silence", "worker/unit/leases", "faults/stalled"],
  "told-length.ts": ["faults/told-lengths", "worker/tus-defer-length", "worker/ietf-append"],
  "writer-slot.ts": ["worker/unit/writer-slot", "worker/tus-append"],
};

const STATE: TestsBySource = {
  "append-length.ts": ["worker/append-limit", "worker/tus-defer-length", "worker/ietf-append"],
  "byte-rows.ts": ["worker/unit/byte-rows", "worker/unit/parts", "worker/tus-append"],
  "expiry.ts": ["worker/tus-expiration", "worker/ietf-security"],
  "new-upload.ts": ["worker/tus-creation", "worker/ietf-creation"],
  "phases.ts": ["worker/tus-termination", "worker/ietf-cancel", "faults/finalise-alarms"],
  "reservation.ts": ["worker/unit/reservation", "worker/quota-unknown-lengths"],
  "standing.ts": ["worker/tus-termination", "worker/ietf-cancel", "faults/finalise-alarms"],
  "state-rows.ts": ["faults/state-rows", "worker/tus-core"],
  "tables.ts": ["worker/unit/byte-rows", "faults/state-rows"],
  "upload-": ["worker/tus-append", "worker/tus-checksum", "worker/ietf-append", "faults/store"],
};

/** Of worker/uploads. */
export const UPLOAD_TESTS: TestsBySource = {
  "append-body.ts": [
    "worker/append-limit",
    "worker/ietf-append",
    "worker/cut-creations",
    "worker/tus-append",
  ],
  "append-missing.ts": ["worker/cut-creations", "worker/upload-grants-again"],
  "object-answer.ts": ["worker/unit/object-answer", "faults/broken-objects"],
  "live-progress.ts": ["worker/live"],
  "outside.ts": ["worker/quota", "worker/quota-partials", "worker/quota-unknown-lengths", "faults/store"],
  "request-body.ts": ["worker/append-limit", "worker/ietf-limits"],
  "state-headers.ts": ["worker/tus-core", "worker/ietf-state"],
  "upload-client.ts": ["worker/tus-core", "faults/broken-objects"],
  "upload-context.ts": ["worker/tus-core", "worker/tus-append"],
  "upload-object.ts": ["worker/tus-core", "worker/tus-termination", "worker/ietf-security", "faults/lost"],
  "upload.ts": [
    "worker/tus-append",
    "worker/ietf-append",
    "worker/upload-grants-again",
    "faults/finalise-alarms",
  ],
  ...under("writing/", WRITING),
  ...under("state/", STATE),
  "finishing/alarm.ts": ["faults/finalise-alarms", "worker/tus-expiration", "faults/deleted-uploads"],
  "finishing/completion.ts": ["faults/lost", "faults/store-codes", "faults/store"],
  "finishing/retries.ts": ["faults/ended-uploads", "faults/finalise-alarms"],
  "finishing/ending.ts": ["worker/tus-termination", "worker/ietf-cancel", "faults/ended-uploads"],
  "finishing/finalise.ts": ["faults/finalise-alarms", "faults/store", "faults/lost"],
  "finishing/removal.ts": [
    "worker/tus-termination",
    "worker/ietf-cancel",
    "faults/erasure",
    "worker/tus-concatenation",
  ],
  "ietf/fields.ts": ["worker/ietf-creation", "worker/ietf-append", "worker/ietf-digests"],
  "ietf/ietf-creation.ts": ["worker/ietf-creation", "worker/ietf-metadata"],
  "ietf/ietf-front-end.ts": [
    "worker/ietf-append",
    "worker/ietf-creation",
    "worker/ietf-state",
    "worker/upload-grants-again",
  ],
  "ietf/problems.ts": ["worker/ietf-append", "worker/ietf-cancel"],
  "joining/": ["worker/tus-concatenation", "worker/tus-concatenation-refusals", "faults/joining"],
  "plain/form-creation.ts": ["worker/plain-uploads", "worker/form-fields"],
  "plain/form-reader.ts": ["worker/unit/form-reader", "worker/plain-uploads"],
  "plain/plain-upload.ts": ["worker/plain-uploads", "faults/broken-objects"],
  "tus/tus-front-end.ts": ["worker/tus-core", "worker/tus-creation-with-upload", "worker/tus-defer-length"],
  "tus/tus-headers.ts": ["worker/tus-creation", "worker/tus-core", "worker/tus-checksum"],
};

export function under(folder: string, tests: TestsBySource): TestsBySource {
  return Object.fromEntries(Object.entries(tests).map(([name, each]) => [folder + name, each]));
}
