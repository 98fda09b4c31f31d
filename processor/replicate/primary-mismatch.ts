import { ReplicaFault } from "./replica-fault.ts";

/** The primary's bytes aren't those that were found clean: no target's fault, and nothing to copy. */
export class PrimaryMismatch extends ReplicaFault {
  constructor(what: "longer" | "shorter" | "other bytes") {
    super("mismatch", { detail: `the primary's object isn't the version that was scanned: ${what}` });
    this.name = "PrimaryMismatch";
  }
}
