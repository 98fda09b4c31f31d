import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { UploadRulesResponse } from "#contract/upload-rules.ts";
import { waitingFirst } from "../../core/turn.ts";
import type { UnfinishedUpload, UploadMeta } from "../../core/types.ts";
import type { Upload } from "../../core/upload.ts";
import { type Checks, checksOf, type Settled, type Told } from "../uploader/checks.ts";
import { Intake, type IntakeView } from "../uploader/intake.ts";
import type { Picks } from "../uploader/picked.ts";
import {
  isDuplicate,
  isOver,
  isRunning,
  isStopped,
  isWithoutRoom,
  type Summary,
  summarize,
  uploadsOf,
} from "../uploader/summary.ts";
import { type Filed, useFiled } from "../uploader/use-filed.ts";
import { usePrevious } from "../uploader/use-previous.ts";
import { useRules } from "../uploader/use-rules.ts";
import { useClient } from "../use-client.ts";
import { useUploads } from "./use-uploads.ts";

export interface FileUploaderOptions {
  /** What the files belong to: the uploads of other places aren't shown here. */
  readonly meta?: UploadMeta;
  /**
   * Whether a file whose bytes are there already, among those that the user may see, waits to be confirmed. By default it
   * does. Of files up to 64 MiB, as far as the server answers within 3 s.
   */
  readonly findDuplicates?: boolean;
  /** Whether several files are taken at a time. By default they are, unless they are to replace one. */
  readonly multiple?: boolean;
  /** The file is there, and being checked. */
  onUploaded?(upload: Upload): void;
  /** The file has passed its check, or hasn't. */
  onSettled?(upload: Upload, file: Settled): void;
}

/** What `FileUploader` shows and does, for components of the host's own. */
export interface FileUploaderState {
  readonly uploads: readonly Upload[];
  readonly summary: Summary;
  readonly checks: Checks;
  readonly intake: IntakeView;
  readonly rules: UploadRulesResponse | undefined;
  readonly previous: readonly UnfinishedUpload[];
  /** Those whose bytes are there already: `resume()` sends one, `remove` leaves it out. */
  readonly duplicates: readonly Upload[];
  /** @param isAsked whether they were chosen to continue uploads of earlier visits, under whatever name */
  add(picks: Picks, isAsked?: boolean): void;
  /** Those of the batch that were taken off the list for their user, by its host. */
  readonly filed: Filed;
  dismissRefusals(): void;
  /** Adds what there was no room for once more: there may be by now. */
  retryRefused(): void;
  /** Those that the server had no room for. */
  readonly withoutRoom: readonly Upload[];
  /** Tries one again that the server refused, or had no room for. */
  retry(upload: Upload): void;
  /** Whether several files are taken at a time. */
  readonly isMultiple: boolean;
  /** Answers what the intake asks (`intake.doubt`). */
  settleDoubt(isConfirmed: boolean): void;
  discardPrevious(upload: UnfinishedUpload): void;
  /** The name of one that was to be discarded, and that another tab sends. */
  readonly goesOnElsewhere: string | undefined;
  dismissElsewhere(): void;
  /** Goes on with those whose files are found; whether files have to be chosen for others. Call it in a click. */
  resumePrevious(): Promise<boolean>;
  pauseAll(): void;
  resumeAll(): void;
  /** Gives uploads up and takes them off the list; those that have ended are only taken off. */
  remove(uploads: readonly Upload[]): void;
  /** Takes off the list what has ended, however it has. */
  clearFinished(): void;
}

/** The same object as long as it says the same: hosts write it where they render. */
function useMeta(meta: UploadMeta = {}): UploadMeta {
  const key = JSON.stringify(meta);
  return useMemo(() => JSON.parse(key) as UploadMeta, [key]);
}

/** Told once for each upload, however often it renders; what was told before the component was there isn't told again. */
function useEvents(
  uploads: readonly Upload[],
  checks: Checks,
  { onUploaded, onSettled }: FileUploaderOptions,
): void {
  const told = useRef<WeakMap<Upload, Told>>(undefined);
  useEffect(() => {
    told.current ??= checks.toldOf(uploads);
    const tell = (upload: Upload, what: Told) => {
      told.current?.set(upload, what);
      checks.tell(upload, what);
    };
    for (const upload of uploads) {
      if (upload.state.kind !== "uploaded" || told.current.get(upload) === "settled") continue;
      const check = checks.of(upload);
      if (!told.current.has(upload)) {
        tell(upload, "uploaded");
        checks.follow(upload);
        onUploaded?.(upload);
      }
      if (check?.kind !== "settled") continue;
      tell(upload, "settled");
      onSettled?.(upload, check.file);
    }
  });
}

function useIntake(): { intake: Intake; view: IntakeView; rules: UploadRulesResponse | undefined } {
  const client = useClient();
  const latest = useRef<UploadRulesResponse>(undefined);
  const intake = useMemo(
    () =>
      new Intake({
        uploader: client.uploads,
        rules: () => latest.current,
        filenameOf: (fileId) =>
          client.files.get(fileId).then(
            ({ filename }) => filename,
            () => undefined,
          ),
      }),
    [client],
  );
  const view = useSyncExternalStore(intake.subscribe, intake.read, intake.read);
  const [asked, setAsked] = useState(0);
  const isAdding = view.seen !== undefined;
  useEffect(() => {
    if (isAdding) setAsked((count) => count + 1);
  }, [isAdding]);
  const rules = useRules(client, asked);
  useEffect(() => {
    latest.current = rules;
  }, [rules]);
  return { intake, view, rules };
}

/**
 * Uploads of one place, and everything that can be done with them. Transfers belong to the client: they go on when the
 * component that asked for them is gone.
 */
export function useFileUploader(options: FileUploaderOptions): FileUploaderState {
  const meta = useMeta(options.meta);
  const { findDuplicates = true } = options;
  const { multiple: isMultiple = meta.replaces === undefined } = options;
  const client = useClient();
  const uploader = client.uploads;
  const checks = checksOf(client);
  const all = useUploads();
  useSyncExternalStore(checks.subscribe, checks.read, checks.read);
  const uploads = useMemo(() => uploadsOf(all, meta), [all, meta]);
  const summary = useMemo(() => summarize(uploads), [uploads]);
  const { intake, view, rules } = useIntake();
  const elsewhere = uploads.filter(({ state }) => state.kind === "elsewhere").length;
  const previous = usePrevious(uploader, meta, `${summary.begun} ${elsewhere}`);
  useEvents(uploads, checks, options);
  const filed = useFiled(uploader, uploads, checks, meta);
  const { forget, leaveOut } = filed;

  const add = useCallback(
    (picks: Picks, isAsked = false) => {
      void intake.add(picks, meta, { isAsked, findDuplicates, isSingle: !isMultiple, onBatch: forget });
    },
    [intake, meta, findDuplicates, isMultiple, forget],
  );
  const remove = useCallback(
    (gone: readonly Upload[]) => {
      leaveOut(gone);
      for (const upload of waitingFirst(gone)) {
        // What has ended stays, and what another tab sends. Not taken off before: that would pause it, and another tab go on.
        if (isRunning(upload) || isStopped(upload)) void upload.abort();
        uploader.remove(upload);
      }
    },
    [uploader, leaveOut],
  );
  return {
    ...{ uploads, summary, checks, intake: view, rules, previous: previous.found, add, remove },
    isMultiple,
    settleDoubt: intake.settle,
    retryRefused: () => intake.retry(meta, { isAsked: false, findDuplicates, isSingle: false, isSure: true }),
    retry: intake.again,
    duplicates: uploads.filter(isDuplicate),
    withoutRoom: uploads.filter(isWithoutRoom),
    dismissRefusals: intake.dismiss,
    discardPrevious: previous.discard,
    goesOnElsewhere: previous.goesOnElsewhere,
    dismissElsewhere: previous.dismissElsewhere,
    resumePrevious: previous.resumeFound,
    pauseAll: () => waitingFirst(uploads.filter(isRunning)).forEach((upload) => upload.pause()),
    resumeAll: () => uploads.filter(isStopped).forEach((upload) => upload.resume()),
    filed,
    clearFinished: () => {
      forget();
      remove(uploads.filter((upload) => isOver(upload, checks)));
    },
  };
}
