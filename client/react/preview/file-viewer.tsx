import type { FileRecord } from "#contract/api.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { Root } from "../ui/root.tsx";
import { FileContent } from "./file-content.tsx";

export interface FileViewerProps {
  /** As it is now: `useFile` follows it. */
  readonly file: FileRecord;
}

/** A file to look at in its place on a page, or in words why it can't be looked at. `--cw-viewer-height` is how tall it is. */
export function FileViewer({ file }: FileViewerProps) {
  const { preview: texts } = useFileTexts();
  return (
    <Root className="cw-viewer" aria-label={texts.viewer(file.filename)}>
      <FileContent key={`${file.id}/${file.version}`} file={file} />
    </Root>
  );
}
