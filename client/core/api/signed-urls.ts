import type { MAX_SIGNED_URLS, SignedUrl, SignedUrlResponse } from "#contract/api.ts";
import type { SignedUrlInput } from "#contract/inputs.ts";
import { type ApiCall, type CallOptions, readJson } from "../http.ts";
import { inBatches } from "./pages.ts";

const SIGNED_URLS: typeof MAX_SIGNED_URLS = 500;

/** What became of one item: its URL, or why it has none. */
export type SigningOutcome = SignedUrlResponse["items"][number];

/** URLs by which anybody may read a file, for a time. Any number of them, 500 in each request, in the items' order. */
export interface SignedUrls {
  /** All of them, or an error that says which item is why. */
  create(items: readonly SignedUrlInput[], options?: CallOptions): Promise<readonly SignedUrl[]>;
  /** Each item's own URL or error. */
  createSome(items: readonly SignedUrlInput[], options?: CallOptions): Promise<readonly SigningOutcome[]>;
}

export function createSignedUrls(call: ApiCall): SignedUrls {
  const sign = async <Outcome>(given: readonly SignedUrlInput[], partial: boolean, options?: CallOptions) =>
    inBatches(given, SIGNED_URLS, (items) => {
      const body = partial ? { items, partial } : { items };
      return call<{ readonly items: readonly Outcome[] }>(
        { method: "POST", path: "/v1/signed-urls", body, isRepeatable: true },
        readJson,
        options,
      );
    });
  return {
    create: (items, options) => sign<SignedUrl>(items, false, options),
    createSome: (items, options) => sign<SigningOutcome>(items, true, options),
  };
}
