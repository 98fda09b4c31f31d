import { useMemo, useState } from "react";
import type { ShareLinkInput } from "#contract/inputs.ts";
import type { Share, ShareLink, SharePermission } from "#contract/sharing.ts";
import { useLoaded } from "../preview/use-loaded.ts";
import type { Texts } from "../texts/texts.ts";
import { useClient, useTexts } from "../use-client.ts";
import { whyOf } from "../why.ts";

export interface SharesView {
  /** Undefined until they are there. */
  readonly shares: readonly Share[] | undefined;
  readonly links: readonly ShareLink[] | undefined;
  /** Why they couldn't be asked for. */
  readonly error: unknown;
  /** What was done last, or why it wasn't, in words. */
  readonly told: { readonly text: string; readonly isProblem: boolean } | undefined;
  readonly again: () => void;
  share(userId: string, name: string, permission: SharePermission): Promise<boolean>;
  unshare(userId: string, name: string): Promise<void>;
  createLink(link: ShareLinkInput): Promise<ShareLink | undefined>;
  revoke(linkId: string): Promise<void>;
}

interface Known {
  readonly shares: readonly Share[];
  readonly links: readonly ShareLink[];
}

/** Whom a file is shared with, and by which links, and changes of that. None of them throws. */
export function useShares(fileId: string): SharesView {
  const client = useClient();
  const texts = useTexts();
  const [told, setTold] = useState<SharesView["told"]>();
  const { loaded, again } = useLoaded<Known>(fileId, async (signal) => {
    const [shares, links] = await Promise.all([
      client.shares.list(fileId, { signal }),
      client.shareLinks.list(fileId, { signal }),
    ]);
    return { shares: shares.items, links: links.items };
  });
  // What was asked for last stays while it is asked for anew.
  const [last, setLast] = useState<Known>();
  if (loaded.kind === "ready" && loaded.value !== last) setLast(loaded.value);
  const known = loaded.kind === "ready" ? loaded.value : last;
  const changes = useMemo(() => {
    const run = createRun(texts, setTold, again);
    return {
      share: async (userId: string, name: string, permission: SharePermission) => {
        const done = await run(
          () => client.shares.set(fileId, userId, { permission }),
          texts.share.shared(name),
        );
        return done !== undefined;
      },
      unshare: async (userId: string, name: string) => {
        await run(() => client.shares.remove(fileId, userId), texts.share.unshared(name));
      },
      createLink: (link: ShareLinkInput) =>
        run(() => client.shareLinks.create(fileId, link), texts.share.linkMade),
      revoke: async (linkId: string) => {
        await run(() => client.shareLinks.revoke(fileId, linkId), texts.share.revoked);
      },
    };
  }, [client, fileId, texts, again]);
  return {
    ...{ shares: known?.shares, links: known?.links, told, again },
    error: loaded.kind === "failed" ? loaded.error : undefined,
    ...changes,
  };
}

/** Does something, tells what came of it, and asks for what is shared anew. */
function createRun(texts: Texts, tell: (told: SharesView["told"]) => void, again: () => void) {
  return async <T>(change: () => Promise<T>, words: string): Promise<T | undefined> => {
    tell(undefined);
    try {
      const done = await change();
      tell({ text: words, isProblem: false });
      again();
      return done;
    } catch (error) {
      tell({ text: whyOf(error, texts), isProblem: true });
      return undefined;
    }
  };
}
