import { useTexts as useComponentTexts, useQuota } from "../../react/index.ts";
import { Page } from "../shell/page.tsx";
import { useTexts } from "../texts/use-texts.ts";
import { FilesPanel } from "./files-panel.tsx";

const TRASH = { trash: "true" } as const;

/** What was deleted, and can be had back for a while. */
export function TrashPage() {
  const { shell, files } = useTexts();
  const room = useTrashRoom();
  return (
    <Page title={shell.trash} note={`${files.trashNote}${room}`}>
      <section className="card">
        <FilesPanel query={TRASH} label={shell.trash} isOfAll />
      </section>
    </Page>
  );
}

/** How much of the storage is in the trash, in words; nothing until it is known. */
function useTrashRoom(): string {
  const { files } = useTexts();
  const { common } = useComponentTexts();
  const { state } = useQuota();
  if (state.kind !== "known") return "";
  const { trashBytes, quotaBytes } = state.quota;
  return ` ${files.trashRoom(common.bytes(trashBytes), common.bytes(quotaBytes))}`;
}
