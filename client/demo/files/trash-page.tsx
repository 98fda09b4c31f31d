import { Page } from "../shell/page.tsx";
import { useTexts } from "../texts/use-texts.ts";
import { FilesPanel } from "./files-panel.tsx";

const TRASH = { trash: "true" } as const;

/** What was deleted, and can be had back for a while. */
export function TrashPage() {
  const { shell, files } = useTexts();
  return (
    <Page title={shell.trash} note={files.trashNote}>
      <section className="card">
        <FilesPanel query={TRASH} label={shell.trash} isOfAll />
      </section>
    </Page>
  );
}
