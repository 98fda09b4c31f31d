import type { FileRecord } from "#contract/api.ts";
import type { Texts } from "../texts/texts.ts";
import type { Sentence } from "../ui/sentence.tsx";

export interface DescribedFile {
  readonly state: FileRecord["state"];
  readonly verdict: Pick<NonNullable<FileRecord["verdict"]>, "signatureName" | "reason"> | null;
}

/** What a stored file's state means. */
export function describeFile(
  { state, verdict }: DescribedFile,
  { uploader, fileList, preview }: Texts,
): Sentence {
  switch (state) {
    case "uploading":
      return { tone: "quiet", icon: "clock", text: fileList.states.uploading };
    case "quarantined":
      return { tone: "busy", icon: "shield", text: uploader.checking };
    case "clean":
      return { tone: "ready", icon: "ready", text: uploader.ready };
    case "infected":
      return {
        tone: "danger",
        icon: "blocked",
        text: uploader.infected(verdict?.signatureName ?? undefined),
      };
    case "unscannable":
      return { tone: "warning", icon: "warning", text: uploader.unscannable(verdict?.reason ?? undefined) };
    case "deleted":
      return { tone: "quiet", icon: "trash", text: preview.deleted };
  }
}
