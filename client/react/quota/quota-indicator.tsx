import { type CSSProperties, type ReactNode, useId } from "react";
import type { Quota } from "#contract/quota.ts";
import { useQuota } from "../hooks/use-quota.ts";
import { Icon } from "../icons/icon.tsx";
import type { QuotaTexts } from "../texts/texts.ts";
import { Button } from "../ui/button.tsx";
import { Root } from "../ui/root.tsx";
import { useTexts } from "../use-client.ts";

export interface QuotaIndicatorProps {
  /** Where room is made, such as the largest files; shown once it gets narrow. */
  readonly cleanUpHref?: string;
  /** Where the trash is emptied; shown once it gets narrow and something is in it, before the other: what is deleted takes room until then. */
  readonly trashHref?: string;
  /** Whether it is lines and a bar, for a heading: its title is for screen readers then. */
  readonly compact?: boolean;
}

interface Part {
  readonly name: "files" | "versions" | "trash" | "uploads";
  readonly bytes: number;
}

function partsOf({ filesBytes, versionsBytes, trashBytes, reservedBytes }: Quota): readonly Part[] {
  const parts: readonly Part[] = [
    { name: "files", bytes: filesBytes },
    { name: "versions", bytes: versionsBytes },
    { name: "trash", bytes: trashBytes },
    { name: "uploads", bytes: reservedBytes },
  ];
  return parts.filter(({ bytes }) => bytes > 0);
}

function warningOf(texts: QuotaTexts, { level, availableBytes }: Quota): string | undefined {
  if (availableBytes <= 0) return texts.full;
  return level === "ok" ? undefined : texts.nearlyFull;
}

function Bar({ quota }: { readonly quota: Quota }) {
  const { quota: texts } = useTexts();
  return (
    <div
      className="cw-quota-bar"
      role="meter"
      aria-label={texts.title}
      aria-valuemin={0}
      aria-valuemax={quota.quotaBytes}
      aria-valuenow={Math.min(quota.usedBytes, quota.quotaBytes)}
      aria-valuetext={texts.used(quota.usedBytes, quota.quotaBytes)}
    >
      {partsOf(quota).map(({ name, bytes }) => (
        <span
          key={name}
          data-part={name}
          style={{ "--cw-portion": quota.quotaBytes === 0 ? 1 : bytes / quota.quotaBytes } as CSSProperties}
        />
      ))}
    </div>
  );
}

function Known({
  quota,
  cleanUpHref,
  trashHref,
}: { readonly quota: Quota } & QuotaIndicatorProps): ReactNode {
  const { quota: texts, common } = useTexts();
  const warning = warningOf(texts, quota);
  const canEmpty = trashHref !== undefined && quota.trashBytes > 0;
  return (
    <>
      <p className="cw-quota-words">
        <span>{texts.used(quota.usedBytes, quota.quotaBytes)}</span>
        <span className="cw-muted">{texts.left(quota.availableBytes)}</span>
      </p>
      <Bar quota={quota} />
      <ul className="cw-quota-parts cw-small">
        {partsOf(quota).map(({ name, bytes }) => (
          <li key={name} data-part={name}>
            {texts[name]} <span className="cw-muted">{common.bytes(bytes)}</span>
          </li>
        ))}
      </ul>
      {warning === undefined ? undefined : (
        <p className="cw-quota-warning" data-level={quota.level}>
          <Icon name="warning" />
          <span>{warning}</span>
          {canEmpty && <a href={trashHref}>{texts.emptyTrash(quota.trashBytes)}</a>}
          {cleanUpHref === undefined ? undefined : <a href={cleanUpHref}>{texts.cleanUp}</a>}
        </p>
      )}
    </>
  );
}

/** How much of the storage is used, by what, and what is left; says so when it gets narrow. */
export function QuotaIndicator(props: QuotaIndicatorProps) {
  const { quota: texts, common } = useTexts();
  const { state, refresh } = useQuota();
  const titleId = useId();
  const isCompact = props.compact === true;
  return (
    <Root
      className="cw-quota"
      aria-label={isCompact ? texts.title : undefined}
      aria-labelledby={isCompact ? undefined : titleId}
      aria-busy={state.kind === "loading"}
      data-compact={isCompact || undefined}
    >
      {isCompact ? undefined : <h3 id={titleId}>{texts.title}</h3>}
      {state.kind === "loading" ? <p className="cw-muted">{texts.loading}</p> : undefined}
      {state.kind === "failed" ? (
        <p className="cw-quota-words">
          <span>{state.problem.status === 401 ? common.problem(state.problem) : texts.unknown}</span>
          <Button onClick={refresh}>{common.tryAgain}</Button>
        </p>
      ) : undefined}
      {state.kind === "known" ? <Known quota={state.quota} {...props} /> : undefined}
    </Root>
  );
}
