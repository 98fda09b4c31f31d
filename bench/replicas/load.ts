/** How much work the figures of replicas are taken from. */
export interface ReplicaLoad {
  /** Of the one file that is copied to four targets. */
  readonly fileBytes: number;
  /** Files that are read from the primary and, when it has lost them, from one target; of each kind of target. */
  readonly reads: number;
}
