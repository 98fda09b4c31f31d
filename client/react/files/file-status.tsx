import type { FileRecord } from "#contract/api.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { useRootProps } from "../ui/root.tsx";
import { SentenceLine } from "../ui/sentence.tsx";
import { useShared } from "../use-client.ts";
import { describeFile } from "./describe-file.ts";

/** How it stands with a file, in a sentence. */
export function FileStatus({ file }: { readonly file: FileRecord }) {
  const texts = useFileTexts();
  const root = useRootProps();
  const { language } = useShared();
  return (
    <span lang={language} {...root} role="status">
      <SentenceLine sentence={describeFile(file, texts)} />
    </span>
  );
}
