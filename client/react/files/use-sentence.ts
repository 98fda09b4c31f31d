import { useState } from "react";
import { useFileTexts } from "../texts/use-file-texts.ts";
import type { Sentence } from "../ui/sentence.tsx";
import { describeFile } from "./describe-file.ts";
import type { FileItemProps } from "./file-item.ts";

const DAY_MS = 86_400_000;

/** How it stands with a file of a list; in the trash, until when it can be had back. */
export function useSentence({ file, rules: { isTrash, trashDays } }: FileItemProps): Sentence {
  const texts = useFileTexts();
  const [nowMs] = useState(Date.now);
  if (!isTrash || trashDays === undefined || file.deletedAt === null) return describeFile(file, texts);
  const end = new Date(Date.parse(file.deletedAt) + trashDays * DAY_MS);
  return { tone: "quiet", icon: "trash", text: texts.fileList.keptUntil(end, nowMs) };
}
