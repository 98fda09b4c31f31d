import type { TRASH_DAYS } from "#contract/tenants.ts";
import { Page } from "../shell/page.tsx";
import { useTexts } from "../texts/use-texts.ts";
import { FilesPanel } from "./files-panel.tsx";

const TRASH = { trash: "true" } as const;
/** As long as a tenant's settings don't say otherwise. */
const KEPT_DAYS: typeof TRASH_DAYS = 30;

/** What was deleted, and can be had back for a while. */
export function TrashPage() {
  const { shell, files } = useTexts();
  return (
    <Page title={shell.trash} note={files.trashNote(KEPT_DAYS)}>
      <section className="card">
        <FilesPanel query={TRASH} label={shell.trash} isOfAll trashDays={KEPT_DAYS} />
      </section>
    </Page>
  );
}
