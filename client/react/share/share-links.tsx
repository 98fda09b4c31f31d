import { useState } from "react";
import type { ShareLink } from "#contract/sharing.ts";
import { Button } from "../ui/button.tsx";
import { useTexts } from "../use-client.ts";
import { LinkForm } from "./link-form.tsx";
import type { SharesView } from "./use-shares.ts";

interface ShareLinksProps {
  readonly links: readonly ShareLink[];
  readonly view: SharesView;
}

/** Links by which people outside download the file, and a new one. */
export function ShareLinks({ links, view }: ShareLinksProps) {
  const { share: texts } = useTexts();
  return (
    <section className="cw-share-section">
      <h3>{texts.links}</h3>
      <p className="cw-file-minor">{texts.linksHint}</p>
      <LinkForm view={view} />
      {links.length === 0 && <p className="cw-file-minor">{texts.noLinks}</p>}
      <ul className="cw-share-list">
        {links.map((link) => (
          <LinkItem key={link.id} link={link} onRevoke={() => void view.revoke(link.id)} />
        ))}
      </ul>
    </section>
  );
}

interface LinkItemProps {
  readonly link: ShareLink;
  readonly onRevoke: () => void;
}

function LinkItem({ link, onRevoke }: LinkItemProps) {
  const texts = useTexts();
  const { share, timeline } = texts;
  const [nowMs] = useState(Date.now);
  const isActive = link.state === "active";
  const facts = [
    ...(link.expiresAt === null || !isActive
      ? []
      : [share.ends(timeline.at(new Date(link.expiresAt), nowMs))]),
    ...(link.hasPassword ? [share.withPassword] : []),
    share.downloads(link.downloads, link.maxDownloads),
  ];
  return (
    <li className="cw-share-link" data-ended={!isActive || undefined}>
      <input
        className="cw-input"
        readOnly
        value={link.url}
        aria-label={share.linkAddress}
        dir="ltr"
        disabled={!isActive}
        onFocus={(event) => event.currentTarget.select()}
      />
      {isActive && <CopyButton text={link.url} />}
      {isActive && (
        <Button aria-label={share.revokeLink(link.url)} onClick={onRevoke}>
          {share.revoke}
        </Button>
      )}
      <span className="cw-file-minor">{[share.linkStates[link.state], ...facts].join(" · ")}</span>
    </li>
  );
}

/** Says that it was copied, or what to do where the browser doesn't let it. */
function CopyButton({ text }: { readonly text: string }) {
  const { share: texts } = useTexts();
  const [outcome, setOutcome] = useState<"copied" | "refused">();
  const copy = () => {
    // Absent from pages that didn't come by https.
    const clipboard = navigator.clipboard as Clipboard | undefined;
    const done = clipboard?.writeText(text) ?? Promise.reject(new Error("no clipboard"));
    done.then(
      () => setOutcome("copied"),
      () => setOutcome("refused"),
    );
  };
  return (
    <>
      <Button icon={outcome === "copied" ? "check" : "copy"} onClick={copy}>
        {outcome === "copied" ? texts.copied : texts.copy}
      </Button>
      <span className={outcome === "refused" ? "cw-share-told" : "cw-hidden"} role="status">
        {outcome === "copied" && texts.copied}
        {outcome === "refused" && texts.notCopied}
      </span>
    </>
  );
}
