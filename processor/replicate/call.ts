import { ReplicaFault } from "./replica-fault.ts";

/** How long a target may take. */
export interface TargetDeadlines {
  /** For a question, and for the longest silence of a body. */
  readonly callMs: number;
  /** For a part, tries of the SDK's own included: 8 MiB at 70 kB/s. */
  readonly partMs: number;
  /** For making an object of its parts, which takes S3 minutes. */
  readonly completeMs: number;
}

export const TARGET_DEADLINES: TargetDeadlines = {
  callMs: 30_000,
  partMs: 120_000,
  completeMs: 300_000,
};

export interface CallOptions {
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  /** What the target's error means. */
  readonly explain: (error: unknown) => ReplicaFault;
  /** Whether the caller waits for the action to end though its signal is aborted: so that nothing happens after that. */
  readonly waitsForEnd?: boolean;
}

/**
 * Asks a target for something. Throws ReplicaFault, `unavailable` where the deadline passes; and the signal's reason, which
 * is nothing of the target's. It doesn't rely on the SDK to heed the signal.
 */
export async function callTarget<T>(
  { signal, deadlineMs, explain, waitsForEnd = false }: CallOptions,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const deadline = AbortSignal.timeout(deadlineMs);
  const either = AbortSignal.any([signal, deadline]);
  const aborted = Promise.withResolvers<never>();
  const awaited = waitsForEnd ? deadline : either;
  const onAbort = (): void => aborted.reject(awaited.reason);
  awaited.addEventListener("abort", onAbort, { once: true });
  try {
    const answer = action(either);
    // It may still be rejected when nobody waits any longer.
    answer.catch(() => {});
    return await Promise.race([answer, aborted.promise]);
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof ReplicaFault) throw cause;
    const detail = `no answer within ${deadlineMs / 1000} s`;
    if (deadline.aborted) throw new ReplicaFault("unavailable", { detail, cause });
    throw explain(cause);
  } finally {
    awaited.removeEventListener("abort", onAbort);
  }
}
