import { useRef, useState } from "react";
import type { FileRecord, Variant } from "#contract/api.ts";
import type { Loading } from "./use-loaded.ts";
import { useSignedUrl } from "./use-signed-url.ts";

/** What fails so soon after its address was signed anew fails by itself. */
const RENEWED_MS = 60_000;

export interface ShownUrl extends Loading<string> {
  /** Whether what is there couldn't be shown by an address that was made for it just now. */
  readonly isBroken: boolean;
  readonly onError: () => void;
}

/**
 * An address for an element of the page, which can't say why it fails: so it is signed anew, once. It may have ended; and
 * where the line is cut, none can be had, which is told.
 */
export function useShownUrl({ id, version }: FileRecord, variant: Variant): ShownUrl {
  const { loaded, again } = useSignedUrl(id, version, variant);
  const renewedAtMs = useRef(0);
  const [isBroken, setBroken] = useState(false);
  return {
    ...{ loaded, isBroken },
    again() {
      renewedAtMs.current = 0;
      setBroken(false);
      again();
    },
    onError() {
      const nowMs = Date.now();
      if (nowMs - renewedAtMs.current < RENEWED_MS) return setBroken(true);
      renewedAtMs.current = nowMs;
      again();
    },
  };
}
