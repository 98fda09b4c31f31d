import { useState } from "react";
import { useFileTexts } from "../texts/use-file-texts.ts";
import type { Sentence } from "../ui/sentence.tsx";
import { describeFile } from "./describe-file.ts";
import type { FileItemProps } from "./file-item.ts";

/** How it stands with a file of a list; in the trash, until when it can be had back. */
export function useSentence({ file, rules: { isTrash } }: FileItemProps): Sentence {
  const texts = useFileTexts();
  const [nowMs] = useState(Date.now);
  if (!isTrash || file.purgeAt === null) return describeFile(file, texts);
  const text = texts.fileList.keptUntil(new Date(file.purgeAt), nowMs);
  return { tone: "quiet", icon: "trash", text };
}
