import { Link } from "wouter";
import { ApiError } from "../../index.ts";
import { useFile } from "../../react/index.ts";
import { Page } from "../shell/page.tsx";
import { useTexts } from "../texts/use-texts.ts";
import { FileSheet } from "./file-sheet.tsx";

/** A file's own page, or why it can't be shown. */
export function FilePage({ id }: { readonly id: string }) {
  const { file, error, refresh } = useFile(id);
  const { files: texts } = useTexts();
  if (file !== undefined) return <FileSheet file={file} onChanged={refresh} />;
  const above = <Link href="/files">{texts.back}</Link>;
  if (error === undefined) {
    return (
      <Page title={texts.loading} above={above}>
        {null}
      </Page>
    );
  }
  // Whether there is one that the user may not see isn't told.
  if (error instanceof ApiError && error.problem.status === 404) {
    return (
      <Page title={texts.missing} above={above}>
        <p className="muted">{texts.missingHint}</p>
      </Page>
    );
  }
  return (
    <Page title={texts.failed} above={above}>
      <button className="cw-button" type="button" onClick={refresh}>
        {texts.again}
      </button>
    </Page>
  );
}
