import { useEffect, useState } from "react";
import type { Client } from "../../index.ts";

/** Enough that one of them was checked. */
const LOOKED_AT = 20;
/** As a verdict says of signatures that aren't the scanner's maker's own. */
const TEST_SIGNATURES = "unnumbered";

/**
 * Whether what was checked last was checked by test signatures alone, which know no malware. `GET /health` says so of a
 * deployment, and of a development stack nothing.
 */
export function useTestSignatures(client: Client): boolean {
  const [isTest, setTest] = useState(false);
  useEffect(() => {
    const life = new AbortController();
    client.files.list({ scope: "visible", limit: LOOKED_AT }, { signal: life.signal }).then(
      ({ items }) => {
        const [newest] = items
          .flatMap(({ verdict }) => verdict ?? [])
          .toSorted((a, b) => b.scannedAt.localeCompare(a.scannedAt));
        setTest(newest?.signatureVersion === TEST_SIGNATURES);
      },
      () => {},
    );
    return () => life.abort();
  }, [client]);
  return isTest;
}
