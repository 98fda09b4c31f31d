import { useEffect, useMemo, useState } from "react";
import type { BlockedState, BlockedVersion } from "#contract/quarantine.ts";
import type { Client } from "../../index.ts";
import { Icon } from "../../react/icons/icon.tsx";
import { ConfirmDialog } from "../../react/ui/confirm-dialog.tsx";
import { useVisitor } from "../session/visitor.ts";
import { Choice } from "../shell/choice.tsx";
import { Page } from "../shell/page.tsx";
import { useTexts } from "../texts/use-texts.ts";
import { AdminsOnly } from "./admins-only.tsx";
import { tellBlockedChanged } from "./blocked-changes.ts";
import { type BlockedAction, BlockedRow } from "./blocked-row.tsx";
import { ChosenBar } from "./chosen-bar.tsx";
import { ReleaseDialog } from "./release-dialog.tsx";
import { ReleasedPanel } from "./released-panel.tsx";
import { removeBlocked } from "./remove-blocked.ts";
import { RescansPanel } from "./rescans-panel.tsx";
import { RowStore } from "./row-store.ts";
import { Rows } from "./rows.tsx";
import { ToldLine, useTold } from "./told.tsx";
import { useChosen } from "./use-chosen.ts";
import { useRowsRead } from "./use-rows.ts";
import { useTestSignatures } from "./use-test-signatures.ts";
import { useWhy } from "./use-why.ts";

type Filter = BlockedState | "all";
const FILTERS = ["all", "infected", "unscannable"] as const satisfies readonly Filter[];
const PAGE_ROWS = 20;

const keyOf = ({ fileId, version }: BlockedVersion) => `${fileId}/${version}`;

/** What did not pass its check, for admins to decide about; and having everything checked again. */
export function QuarantinePage() {
  const { shell: texts } = useTexts();
  return (
    <AdminsOnly title={texts.quarantine}>
      <Quarantine />
    </AdminsOnly>
  );
}

function storeOf(client: Client, filter: Filter): RowStore<BlockedVersion> {
  return new RowStore({
    load: (place, signal) => {
      const state = filter === "all" ? {} : { state: filter };
      return client.admin.quarantine.list({ ...place, ...state, limit: PAGE_ROWS }, { signal });
    },
    keyOf,
  });
}

/** Asks again when something is blocked that the visitor is told of. */
function useBlockedNews(client: Client, store: RowStore<BlockedVersion>): void {
  useEffect(
    () =>
      client.live.subscribe(({ type }) => {
        if (type === "file.infected" || type === "file.unscannable") {
          void store.refresh();
          tellBlockedChanged();
        }
      }),
    [client, store],
  );
}

interface Asked {
  readonly action: BlockedAction;
  readonly version: BlockedVersion;
}

function Quarantine() {
  const { client } = useVisitor();
  const { shell, admin } = useTexts();
  const texts = admin.quarantine;
  const [filter, setFilter] = useState<Filter>("all");
  const store = useMemo(() => storeOf(client, filter), [client, filter]);
  const [asked, setAsked] = useState<Asked>();
  const { told, tellInPlace, complain, dismiss } = useTold();
  const whyOf = useWhy();
  const { rows } = useRowsRead(store);
  const chosen = useChosen(rows, keyOf);
  const [asksForChosen, setAsksForChosen] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [turn, setTurn] = useState(0);
  const hasTestSignatures = useTestSignatures(client);
  useBlockedNews(client, store);

  const finish = async ({ version }: Asked, done: Promise<void>, words: string) => {
    setAsked(undefined);
    try {
      await done;
      store.remove(version);
      // Not on to the next row's button, which would release what nobody has looked at.
      tellInPlace(words);
      setTurn((before) => before + 1);
    } catch (error) {
      complain(texts.notDone(version.filename, whyOf(error)));
      void store.refresh();
    }
    tellBlockedChanged();
  };
  const release = (what: Asked, reason: string) => {
    const { fileId, version, filename } = what.version;
    void finish(what, client.admin.quarantine.release(fileId, version, { reason }), texts.released(filename));
  };
  const answerDelete = (what: Asked, isConfirmed: boolean) => {
    const { fileId, version, filename } = what.version;
    if (!isConfirmed) setAsked(undefined);
    else void finish(what, client.admin.quarantine.remove(fileId, version), texts.deleted(filename));
  };
  const answerChosen = async (isConfirmed: boolean) => {
    setAsksForChosen(false);
    if (!isConfirmed) return;
    setBusy(true);
    const { length } = chosen.rows;
    const { removed, error } = await removeBlocked(client, chosen.rows);
    setBusy(false);
    for (const version of removed) store.remove(version);
    if (removed.length === length) tellInPlace(texts.deletedMany(length));
    else tellInPlace(texts.notAllDeleted(removed.length, length, whyOf(error)), true);
    tellBlockedChanged();
    void store.refresh();
  };
  const ask = (action: BlockedAction, version: BlockedVersion) => setAsked({ action, version });

  const empty =
    filter === "all"
      ? { icon: "shield" as const, text: texts.empty, hint: texts.emptyHint }
      : { icon: "shield" as const, text: texts.noMatch };
  return (
    <Page title={shell.quarantine} note={texts.hint}>
      {hasTestSignatures && (
        <div className="cw-notice page-notice" data-tone="danger">
          <Icon name="warning" />
          <p>{texts.testSignatures}</p>
        </div>
      )}
      <RescansPanel />
      <section className="card stack" aria-label={texts.list}>
        <Choice
          label={texts.filter}
          value={filter}
          options={FILTERS.map((value) => ({ value, label: texts.filters[value] }))}
          onChoose={setFilter}
        />
        <ToldLine told={told} onDismiss={dismiss} />
        {rows.length > 1 && (
          <ChosenBar
            chosen={chosen}
            count={rows.length}
            isBusy={isBusy}
            onDelete={() => setAsksForChosen(true)}
          />
        )}
        <Rows
          label={texts.list}
          store={store}
          keyOf={keyOf}
          render={(version) => (
            <BlockedRow
              version={version}
              isChosen={rows.length > 1 ? chosen.has(version) : undefined}
              onChoose={() => chosen.toggle(version)}
              onAction={ask}
            />
          )}
          empty={empty}
        />
      </section>
      <ReleasedPanel turn={turn} />
      {asked?.action === "release" && (
        <ReleaseDialog
          version={asked.version}
          onRelease={(reason) => release(asked, reason)}
          onClose={() => setAsked(undefined)}
        />
      )}
      {asked?.action === "delete" && (
        <ConfirmDialog
          title={texts.deleteTitle(asked.version.filename)}
          keep={texts.cancel}
          confirm={texts.delete}
          onAnswer={(isConfirmed) => answerDelete(asked, isConfirmed)}
        >
          {texts.deleteWarning}
        </ConfirmDialog>
      )}
      {asksForChosen && (
        <ConfirmDialog
          title={texts.deleteManyTitle(chosen.rows.length)}
          keep={texts.cancel}
          confirm={texts.delete}
          onAnswer={(isConfirmed) => void answerChosen(isConfirmed)}
        >
          {texts.deleteManyWarning}
        </ConfirmDialog>
      )}
    </Page>
  );
}
