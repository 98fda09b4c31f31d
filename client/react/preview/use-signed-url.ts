import type { Variant } from "#contract/api.ts";
import { ApiError } from "../../core/problem.ts";
import { useClient } from "../use-client.ts";
import { type Loading, useLoaded } from "./use-loaded.ts";

/** Longer than somebody looks at one file, and shorter than a session. */
const LIFE_SECONDS = 3600;

/** An address at which a variant can be read, to be shown and not saved. */
export function useSignedUrl(fileId: string, version: number, variant: Variant): Loading<string> {
  const { signedUrls } = useClient();
  return useLoaded(`${fileId}/${version}/${variant}`, async (signal) => {
    const items = [{ fileId, variant, disposition: "inline", expiresInSeconds: LIFE_SECONDS }] as const;
    const [item] = await signedUrls.createSome(items, { signal });
    if (item === undefined) throw new Error("The server signed nothing.");
    if (!item.ok) throw new ApiError(item.error);
    return item.url;
  });
}
