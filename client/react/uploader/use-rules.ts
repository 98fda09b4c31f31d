import { useEffect, useState } from "react";
import type { UploadRulesResponse } from "#contract/upload-rules.ts";
import type { CausewayClient } from "../client.ts";

/**
 * The server's rules for uploads; undefined until they are there, and where they can't be had.
 * @param asked they are asked for again when it changes: what is left of the quota may be less
 */
export function useRules(client: CausewayClient, asked: number): UploadRulesResponse | undefined {
  const [rules, setRules] = useState<UploadRulesResponse>();
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    client.uploadRules.get({ signal }).then(setRules, () => {
      // The usual rules are checked here, and the server's there.
    });
    return () => controller.abort();
  }, [client, asked]);
  return rules;
}
