import { ProcessorFailure } from "../failure.ts";

/**
 * What one delivery may take for derivatives, with reading the original and bringing what was made: the lease covers so much
 * (config.ts). Less than all of a document's tools at their deadlines: what has been brought until then is settled, and the
 * next delivery goes on behind it.
 */
export const DERIVE_SECONDS = 300;

/** Does `work`, which ends when its signal is aborted. Throws TOOL_BROKEN_OFF when it takes too long. */
export async function withinDeriveTime(
  signal: AbortSignal,
  work: (deadline: AbortSignal) => Promise<void>,
  durationMs = DERIVE_SECONDS * 1000,
): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(durationMs)]);
  try {
    await work(deadline);
  } catch (cause) {
    if (!deadline.aborted || signal.aborted) throw cause;
    throw new ProcessorFailure("TOOL_BROKEN_OFF", { detail: `over ${durationMs} ms`, cause });
  }
}
