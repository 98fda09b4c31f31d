import { useEffect, useState } from "react";
import type { Problem } from "#contract/errors.ts";
import type { Quota } from "#contract/quota.ts";
import { ApiError, localProblem } from "../../core/problem.ts";
import { useClient } from "../use-client.ts";
import { useLive } from "./use-live.ts";
import { usePaced } from "./use-paced.ts";
import { useUploads } from "./use-uploads.ts";

export type QuotaState =
  | { readonly kind: "loading" }
  | { readonly kind: "known"; readonly quota: Quota }
  | { readonly kind: "failed"; readonly problem: Problem };

/** How much is stored, asked for anew whenever an upload has ended or that is told, and by `refresh`. */
export function useQuota(): { readonly state: QuotaState; refresh(): void } {
  const client = useClient();
  const [state, setState] = useState<QuotaState>({ kind: "loading" });
  const uploaded = useUploads().filter((upload) => upload.state.kind === "uploaded").length;
  const refresh = usePaced(client, async (signal) => {
    try {
      setState({ kind: "known", quota: await client.quota.get({ signal }) });
    } catch (error) {
      if (signal.aborted) return;
      const problem = error instanceof ApiError ? error.problem : localProblem("CONNECTION_LOST");
      // What was known is still the best that is known.
      setState((last) => (last.kind === "known" ? last : { kind: "failed", problem }));
    }
  });
  useEffect(refresh, [client, uploaded, refresh]);
  useLive(({ type }) => {
    // The first reset comes when it has been asked for.
    if (type === "quota.changed" || (type === "reset" && state.kind !== "loading")) refresh();
  });
  return { state, refresh };
}
