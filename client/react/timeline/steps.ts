import type { FileRecord } from "#contract/api.ts";
import { isReleased } from "../files/describe-file.ts";

/** How it stands with one step of a file's life. */
export type StepState = "done" | "running" | "waiting" | "failed";

/** What the timeline tells, in order; words are made of it by texts. */
export type Step =
  | { readonly kind: "uploaded"; readonly state: StepState; readonly at: string | null; readonly by: string }
  | {
      readonly kind: "checked";
      readonly state: StepState;
      readonly at: string | null;
      /** Absent until there is one. */
      readonly verdict: FileRecord["verdict"];
      /** Why the check doesn't get on. */
      readonly trouble: string | null;
    }
  /** By a person, against its check. */
  | { readonly kind: "released"; readonly state: "done"; readonly at: string | null }
  | {
      readonly kind: "optimised";
      readonly state: StepState;
      readonly made: readonly string[];
      readonly making: readonly string[];
      /** In a sentence for people. */
      readonly failed: readonly string[];
    }
  | {
      readonly kind: "copied";
      readonly state: StepState;
      readonly target: string;
      readonly at: string | null;
      readonly error: string | null;
      readonly nextTryAt: string | null;
    };

type Told = Pick<
  FileRecord,
  | "state"
  | "createdAt"
  | "ownerId"
  | "verdict"
  | "processingError"
  | "derivatives"
  | "missingDerivatives"
  | "replicas"
>;

const CHECKED: Readonly<Record<FileRecord["state"], StepState>> = {
  uploading: "waiting",
  quarantined: "running",
  clean: "done",
  infected: "failed",
  unscannable: "failed",
  deleted: "done",
};

function optimisedStep({ state, derivatives, missingDerivatives }: Told): readonly Step[] {
  const making = missingDerivatives.filter((each) => each.state === "making").map(({ name }) => name);
  const failed = missingDerivatives.filter((each) => each.state === "failed");
  const made = derivatives.map(({ name }) => name);
  const isNothing = making.length + failed.length + made.length === 0;
  if (state !== "clean" || isNothing) return [];
  const reasons = failed.map(({ name, reason }) => reason ?? name);
  const stands: StepState = making.length > 0 ? "running" : failed.length > 0 ? "failed" : "done";
  return [{ kind: "optimised", state: stands, made, making, failed: reasons }];
}

const COPIED = { pending: "running", stored: "done", failed: "failed" } as const;

/** What has become of a file so far, and what is still to come. A file that was blocked goes no further. */
export function stepsOf(file: Told): readonly Step[] {
  const { state, createdAt, ownerId, verdict, processingError, replicas } = file;
  const isUploading = state === "uploading";
  const released = isReleased(file);
  const isDoubtful = processingError !== null || released;
  const decidedAt = verdict?.scannedAt ?? null;
  const copies = replicas.map(({ target, state: copy, storedAt, error, nextTryAt }): Step => ({
    ...{ kind: "copied", state: COPIED[copy], target },
    ...{ at: storedAt, error, nextTryAt },
  }));
  return [
    { kind: "uploaded", state: isUploading ? "running" : "done", at: createdAt, by: ownerId },
    {
      ...{ kind: "checked", state: isDoubtful ? "failed" : CHECKED[state] },
      // When it was blocked isn't in the record any more.
      ...{ at: released ? null : decidedAt, verdict, trouble: processingError },
    },
    ...(released ? [{ kind: "released", state: "done", at: decidedAt } as const] : []),
    ...optimisedStep(file),
    ...copies,
  ];
}

/** Whether something is still to happen to it by itself. */
export function isLively(file: Told): boolean {
  return file.state !== "deleted" && stepsOf(file).some(({ state }) => state === "running");
}
