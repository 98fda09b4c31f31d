import { FileUploader, QuotaIndicator, UploadErrorBoundary } from "../../react/index.ts";
import { useNames } from "../contacts/use-names.ts";
import { Page } from "../shell/page.tsx";
import { useTexts } from "../texts/use-texts.ts";
import { FilesPanel } from "./files-panel.tsx";

const EVERYTHING = { scope: "visible" } as const;

const LARGEST_FIRST = { sort: "size", order: "desc" } as const;

interface FilesPageProps {
  /** For whoever has to make room. */
  readonly isLargestFirst?: boolean;
}

/** All that the user may see, wherever it is attached. */
export function FilesPage({ isLargestFirst = false }: FilesPageProps) {
  const { shell: texts, files } = useTexts();
  const names = useNames();
  return (
    <Page
      title={texts.files}
      note={isLargestFirst ? files.largestNote : undefined}
      actions={<QuotaIndicator compact trashHref="#/trash" cleanUpHref="#/files/largest" />}
    >
      <section className="card file-manager">
        <UploadErrorBoundary>
          <FileUploader compact {...names} />
        </UploadErrorBoundary>
        <FilesPanel
          query={EVERYTHING}
          label={texts.files}
          isOfAll
          {...(isLargestFirst && { initialChoice: LARGEST_FIRST })}
        />
      </section>
    </Page>
  );
}
