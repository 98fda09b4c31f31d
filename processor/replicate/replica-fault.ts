/** What can keep a target from doing what it is asked, each with whether trying again is of use, and what to tell people. */
export const REPLICA_FAULTS = {
  credentials: { isPermanent: true, sentence: "The target refuses the credentials, or what they may do" },
  "missing-bucket": {
    isPermanent: true,
    sentence: "The target has no bucket, container or directory of that name",
  },
  throttled: { isPermanent: false, sentence: "The target wants fewer requests" },
  unavailable: { isPermanent: false, sentence: "The target did not answer as it should" },
  clock: { isPermanent: true, sentence: "The target finds this machine's clock wrong" },
  full: { isPermanent: false, sentence: "The target has no room" },
  mismatch: { isPermanent: false, sentence: "What the target has isn't what was sent" },
  refused: { isPermanent: true, sentence: "The target refuses the request" },
} as const;

export type ReplicaFaultKind = keyof typeof REPLICA_FAULTS;

interface FaultOptions {
  /** For the log: never a key, a file name, a token or an address. */
  readonly detail?: string;
  readonly cause?: unknown;
}

/** The only error that targets throw, but for an aborted signal's own reason. */
export class ReplicaFault extends Error {
  readonly kind: ReplicaFaultKind;
  readonly detail: string | undefined;

  constructor(kind: ReplicaFaultKind, { detail, cause }: FaultOptions = {}) {
    super(detail === undefined ? kind : `${kind}: ${detail}`, { cause });
    this.name = "ReplicaFault";
    this.kind = kind;
    this.detail = detail;
  }

  /** Whether only somebody who changes something can help. */
  get isPermanent(): boolean {
    return REPLICA_FAULTS[this.kind].isPermanent;
  }

  /** For people, without anything of the file or the machine in it. */
  get sentence(): string {
    return `${REPLICA_FAULTS[this.kind].sentence}.`;
  }
}
