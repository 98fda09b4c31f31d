import { FileUploader, QuotaIndicator, UploadErrorBoundary } from "../../react/index.ts";
import { useNames } from "../contacts/use-names.ts";
import { Page } from "../shell/page.tsx";
import { useTexts } from "../texts/use-texts.ts";
import { FilesPanel } from "./files-panel.tsx";
import { MAKE_ROOM } from "./make-room.ts";

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
      actions={<QuotaIndicator compact trashHref="#/trash" cleanUpHref={MAKE_ROOM} />}
    >
      <section className="card file-manager">
        <UploadErrorBoundary>
          <FileUploader compact cleanUpHref={MAKE_ROOM} {...names} />
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
