import { untilAborted, wait } from "./wait.ts";

/**
 * Who is sending which file now. Two senders of one upload would take it over from each other for ever, so a file is sent by
 * one at a time: across tabs by Web Locks, and within an uploader where those are missing. The others wait until it is theirs.
 */
export interface Claims {
  /**
   * Resolves true when it is held, until `signal` aborts; false when that aborts first.
   * @param onTaken called once if another has it
   */
  hold(fingerprint: string, signal: AbortSignal, onTaken: () => void): Promise<boolean>;
  held(): Promise<ReadonlySet<string>>;
}

const PREFIX = "causeway-upload:";
/** A lock is given back a little after its holder stopped: as when an upload is paused and at once resumed. */
const PATIENCE_MS = 400;

/** The part of Web Locks that is used, for a stand-in where a browser hasn't them. */
type Locks = Pick<LockManager, "query"> & {
  request(name: string, options: { signal: AbortSignal }, holding: () => Promise<void>): Promise<unknown>;
};

/** Locks of one uploader: Node before 24.5 has none of its own. */
function ownLocks(): Locks {
  const lasts = new Map<string, Promise<unknown>>();
  return {
    async request(name, { signal }, holding) {
      const before = lasts.get(name);
      const turn = Promise.withResolvers<void>();
      const last = Promise.all([before, turn.promise]);
      lasts.set(name, last);
      await Promise.race([before, untilAborted(signal)]);
      try {
        if (!signal.aborted) await holding();
      } finally {
        turn.resolve();
        if (lasts.get(name) === last) lasts.delete(name);
      }
    },
    query: async () => ({ held: [...lasts.keys()].map((name) => ({ name })) }),
  };
}

/** Where the browser has locks but refuses them (a sandboxed frame, blocked storage), the uploader's own do. */
function claimsBy(locks: Locks, own: Locks): Claims {
  return {
    async hold(fingerprint, signal, onTaken) {
      const answered = new AbortController();
      void wait(PATIENCE_MS, AbortSignal.any([signal, answered.signal])).then((late) => late && onTaken());
      const isHeld = await new Promise<boolean>((resolve) => {
        const holding = async () => {
          resolve(true);
          await untilAborted(signal);
        };
        const end = () => resolve(false);
        const name = PREFIX + fingerprint;
        const orByOwn = () =>
          signal.aborted ? end() : own.request(name, { signal }, holding).then(end, end);
        locks.request(name, { signal }, holding).then(end, orByOwn);
      });
      answered.abort();
      return isHeld && !signal.aborted;
    },
    async held() {
      const answers = await Promise.all([own.query(), locks.query().catch(() => ({ held: [] }))]);
      const names = answers.flatMap(({ held = [] }) => held.map((lock) => lock.name ?? ""));
      return new Set(
        names.filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length)),
      );
    },
  };
}

/** Claims shared by all tabs of the origin where the browser can do that (secure contexts only). */
export function createClaims(): Claims {
  const own = ownLocks();
  return claimsBy(globalThis.navigator?.locks ?? own, own);
}
