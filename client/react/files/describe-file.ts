import type { FileRecord } from "#contract/api.ts";
import type { PERSON_ENGINE } from "#contract/quarantine.ts";
import type { AllTexts } from "../texts/use-file-texts.ts";
import type { Sentence } from "../ui/sentence.tsx";

type Verdict = NonNullable<FileRecord["verdict"]>;

export interface DescribedFile {
  readonly state: FileRecord["state"];
  readonly verdict: (Pick<Verdict, "signatureName" | "reason"> & Partial<Pick<Verdict, "engine">>) | null;
}

/** As `PERSON_ENGINE` of worker/contract/quarantine.ts, which would bring its schemas with it. */
const PERSON: typeof PERSON_ENGINE = "person";

/** Whether it is served because a person said so, against the check. */
export function isReleased({
  state,
  verdict,
}: {
  readonly state: FileRecord["state"];
  readonly verdict: Partial<Pick<Verdict, "engine">> | null;
}): boolean {
  return state === "clean" && verdict?.engine === PERSON;
}

/** What a stored file's state means. */
export function describeFile(
  { state, verdict }: DescribedFile,
  { uploader, fileList, preview }: AllTexts,
): Sentence {
  switch (state) {
    case "uploading":
      return { tone: "quiet", icon: "clock", text: fileList.states.uploading };
    case "quarantined":
      return { tone: "busy", icon: "shield", text: uploader.checking };
    case "clean":
      return isReleased({ state, verdict })
        ? { tone: "warning", icon: "warning", text: preview.released }
        : { tone: "ready", icon: "ready", text: uploader.ready };
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
