import { useCallback, useEffect, useState } from "react";
import type { Problem } from "#contract/errors.ts";
import type { Quota } from "#contract/quota.ts";
import { ApiError, localProblem } from "../../core/problem.ts";
import { useClient } from "../use-client.ts";
import { useUploads } from "./use-uploads.ts";

export type QuotaState =
  | { readonly kind: "loading" }
  | { readonly kind: "known"; readonly quota: Quota }
  | { readonly kind: "failed"; readonly problem: Problem };

/** How much is stored, asked for anew whenever an upload has ended, and by `refresh`. */
export function useQuota(): { readonly state: QuotaState; refresh(): void } {
  const client = useClient();
  const [state, setState] = useState<QuotaState>({ kind: "loading" });
  const [asked, setAsked] = useState(0);
  const uploaded = useUploads().filter((upload) => upload.state.kind === "uploaded").length;
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    client.quota.get({ signal }).then(
      (quota) => setState({ kind: "known", quota }),
      (error: unknown) => {
        if (signal.aborted) return;
        const problem = error instanceof ApiError ? error.problem : localProblem("CONNECTION_LOST");
        // What was known is still the best that is known.
        setState((last) => (last.kind === "known" ? last : { kind: "failed", problem }));
      },
    );
    return () => controller.abort();
  }, [client, asked, uploaded]);
  return { state, refresh: useCallback(() => setAsked((count) => count + 1), []) };
}
