import { Page } from "../shell/page.tsx";
import { useTexts } from "../texts/use-texts.ts";
import { FilesPanel } from "./files-panel.tsx";

const SHARED = { scope: "shared" } as const;

/** What others have shared with the user. */
export function SharedPage() {
  const { shell: texts } = useTexts();
  return (
    <Page title={texts.shared}>
      <section className="card">
        <FilesPanel query={SHARED} label={texts.shared} isOfAll />
      </section>
    </Page>
  );
}
