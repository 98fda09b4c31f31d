import type { UploadGrantResponse } from "#contract/api.ts";
import type { TokenSource } from "./tokens.ts";
import type { UploadMeta } from "./types.ts";
import { within } from "./wait.ts";

/**
 * Gets a grant of one upload from the CRM's backend, which mints it at `POST /v1/upload-grants`. Asked when the file is
 * about to be sent, and again only where it is to be sent anew.
 */
export type GetGrant = (file: File, meta: UploadMeta) => Promise<Grant> | Grant;

/**
 * Gets a grant that has ended for longer: the backend renews it at `POST /v1/upload-grants/renewals`, and the upload goes
 * on.
 */
export type RenewGrant = (ended: Grant) => Promise<Grant> | Grant;

export type Grant = Pick<UploadGrantResponse, "token">;

/** Where the grant of one upload comes from. */
export interface GrantRequests {
  readonly ask: () => Promise<Grant> | Grant;
  readonly renew?: RenewGrant | undefined;
  /** Whether its upload is there: another grant would be for another file. */
  readonly isCreated: () => boolean;
  /** How long the backend may take. */
  readonly timeoutMs: number;
}

/**
 * One grant for all requests of one upload, of those too whose answer was lost: the server knows the creation by it. One
 * that ended is renewed; where nobody does that, another is asked for as long as its upload isn't there.
 */
export function createGrantSource(requests: GrantRequests): TokenSource {
  const { ask, renew, isCreated, timeoutMs } = requests;
  let taken: Promise<string> | undefined;

  async function tokenOf(answer: Promise<Grant> | Grant): Promise<string> {
    const { token } = await within(Promise.resolve(answer), timeoutMs);
    return token;
  }

  const askForToken = async () => tokenOf(ask());

  function take(): Promise<string> {
    taken ??= askForToken().catch((error: unknown) => {
      taken = undefined;
      throw error;
    });
    return taken;
  }

  async function renewed(ended: Promise<string>, renewGrant: RenewGrant): Promise<string> {
    try {
      return await tokenOf(renewGrant({ token: await ended }));
    } catch (error) {
      // The next request finds the one that ended, and asks again.
      taken = ended;
      throw error;
    }
  }

  return {
    current: take,
    async renewed() {
      if (!isCreated()) taken = undefined;
      else if (renew !== undefined) taken = renewed(take(), renew);
      return take();
    },
  };
}
