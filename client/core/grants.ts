import type { UploadGrantResponse } from "#contract/api.ts";
import type { TokenSource } from "./tokens.ts";
import type { UploadMeta } from "./types.ts";

/**
 * Gets a grant of one upload from the CRM's backend, which mints it at `POST /v1/upload-grants`. Asked when the file is
 * about to be sent, and again only where it is to be sent anew.
 */
export type GetGrant = (file: File, meta: UploadMeta) => Promise<Grant> | Grant;

export type Grant = Pick<UploadGrantResponse, "token">;

/**
 * One grant for all requests of one upload, of those too whose answer was lost: the server knows the creation by it. A
 * grant can't be renewed, since another is for another file, but for one that ended before its upload was there.
 */
export function createGrantSource(ask: () => Promise<Grant> | Grant, isCreated: () => boolean): TokenSource {
  let taken: Promise<string> | undefined;

  async function askForToken(): Promise<string> {
    const { token } = await ask();
    return token;
  }

  function take(): Promise<string> {
    taken ??= askForToken().catch((error: unknown) => {
      taken = undefined;
      throw error;
    });
    return taken;
  }

  return {
    current: take,
    async renewed() {
      if (!isCreated()) taken = undefined;
      return take();
    },
  };
}
