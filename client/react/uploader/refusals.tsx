import { useId } from "react";
import { Icon } from "../icons/icon.tsx";
import type { UploaderTexts } from "../texts/uploader-texts.ts";
import { IconButton } from "../ui/button.tsx";
import { FileName } from "../ui/file-name.tsx";
import { useTexts } from "../use-client.ts";
import type { IntakeView } from "./intake.ts";
import { RoomActions } from "./no-room.tsx";
import type { Refusal } from "./rules.ts";

/** Names that are listed below a rule; of a folder of thousands nobody reads more. */
const SHOWN_NAMES = 5;

type WithoutRoom = Extract<Refusal, { kind: "no-room" }>;

const isWithoutRoom = (refusal: Refusal): refusal is WithoutRoom => refusal.kind === "no-room";

/** One sentence for all that there is no room for. */
function describeRoom(texts: UploaderTexts, refusals: readonly WithoutRoom[]): string {
  const neededBytes = refusals.reduce((sum, refusal) => sum + refusal.neededBytes, 0);
  // A smaller one may have taken what was left before.
  const availableBytes = refusals.reduce(
    (least, refusal) => Math.min(least, refusal.availableBytes),
    Number.POSITIVE_INFINITY,
  );
  return texts.noRoom(refusals.length, neededBytes, availableBytes);
}

/** Names by the rule that they broke, so that each rule is read once. */
export function namesByRule(
  texts: UploaderTexts,
  refusals: readonly Refusal[],
): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  const withoutRoom = refusals.filter(isWithoutRoom);
  const noRoom = withoutRoom.length === 0 ? "" : describeRoom(texts, withoutRoom);
  for (const refusal of refusals) {
    const rule = isWithoutRoom(refusal) ? noRoom : texts.rule(refusal.refusal, refusal.filename);
    const sharing = names.get(rule);
    if (sharing === undefined) names.set(rule, [refusal.filename]);
    else sharing.push(refusal.filename);
  }
  return names;
}

export interface RefusalsProps {
  readonly view: IntakeView;
  readonly cleanUpHref: string | undefined;
  onDismiss(): void;
  onRetry(): void;
}

/** Files that are not even begun, each with the rule that it broke. */
export function Refusals({ view, cleanUpHref, onDismiss, onRetry }: RefusalsProps) {
  const { uploader: texts, common } = useTexts();
  const titleId = useId();
  const { refusals, isIncomplete, isTooMany } = view;
  if (refusals.length === 0 && !isIncomplete && !isTooMany) return undefined;
  const otherTitle = isTooMany ? texts.tooManyTitle : texts.incompleteTitle;
  return (
    <section className="cw-notice" data-tone="danger" aria-labelledby={titleId}>
      <Icon name="blocked" />
      <div>
        <h3 id={titleId}>{refusals.length === 0 ? otherTitle : texts.refusalsTitle(refusals.length)}</h3>
        {isIncomplete ? <p>{texts.incomplete}</p> : undefined}
        {isTooMany ? <p>{texts.tooMany}</p> : undefined}
        <ul className="cw-refusals">
          {[...namesByRule(texts, refusals)].map(([rule, names]) => (
            <li key={rule}>
              <p>{rule}</p>
              <ul>
                {names.slice(0, SHOWN_NAMES).map((name, index) => (
                  // oxlint-disable-next-line react/no-array-index-key -- two files may have one name, and none moves
                  <li key={index}>
                    <FileName name={name} />
                  </li>
                ))}
              </ul>
              {names.length > SHOWN_NAMES ? (
                <p className="cw-muted">{texts.andMore(names.length - SHOWN_NAMES)}</p>
              ) : undefined}
            </li>
          ))}
        </ul>
        {refusals.some(isWithoutRoom) ? (
          <RoomActions cleanUpHref={cleanUpHref} onRetry={onRetry} />
        ) : undefined}
      </div>
      <IconButton icon="close" label={common.dismiss} onClick={onDismiss} />
    </section>
  );
}
