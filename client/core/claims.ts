/**
 * Who is sending which file now. Two senders of one upload would take it over from each other for ever, so a resume
 * point is used by one at a time: across tabs by Web Locks, and within a page where those are missing.
 */
export interface Claims {
  /** True when nobody else holds it; then it is held until `signal` aborts. */
  hold(fingerprint: string, signal: AbortSignal): Promise<boolean>;
  held(): Promise<ReadonlySet<string>>;
}

const PREFIX = "causeway-upload:";
/** A lock is given back a little after its holder stopped: as when an upload is paused and at once resumed. */
const PATIENCE_MS = 400;

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function lockClaims(locks: LockManager): Claims {
  return {
    hold: (fingerprint, signal) =>
      new Promise((resolve) => {
        const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
        const holding = async () => {
          resolve(true);
          await untilAborted(signal);
        };
        locks.request(PREFIX + fingerprint, { signal: patience }, holding).catch(() => resolve(false));
      }),
    async held() {
      const names = (await locks.query()).held?.map((lock) => lock.name ?? "") ?? [];
      return new Set(
        names.filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length)),
      );
    },
  };
}

function pageClaims(): Claims {
  const names = new Set<string>();
  return {
    async hold(fingerprint, signal) {
      if (names.has(fingerprint) || signal.aborted) return false;
      names.add(fingerprint);
      signal.addEventListener("abort", () => names.delete(fingerprint), { once: true });
      return true;
    },
    held: async () => new Set(names),
  };
}

/** Claims shared by all tabs of the origin where the browser can do that (secure contexts only). */
export function createClaims(): Claims {
  const locks: LockManager | undefined = globalThis.navigator?.locks;
  return locks === undefined ? pageClaims() : lockClaims(locks);
}
