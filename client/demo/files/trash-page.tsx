import { Page } from "../shell/page.tsx";
import { useTexts } from "../texts/use-texts.ts";
import { FilesPanel } from "./files-panel.tsx";

const TRASH = { trash: "true" } as const;

/** What was deleted, and can be had back for a while. */
export function TrashPage() {
  const { shell: texts } = useTexts();
  return (
    <Page title={texts.trash}>
      <section className="card">
        <FilesPanel query={TRASH} label={texts.trash} />
      </section>
    </Page>
  );
}
