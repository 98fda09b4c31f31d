import type { UploadRulesResponse } from "#contract/upload-rules.ts";
import type { UploadMeta } from "../../core/types.ts";
import type { Upload } from "../../core/upload.ts";
import type { Uploader } from "../../core/uploader.ts";
import { findPreviousOf } from "./earlier.ts";
import { createPace } from "./pace.ts";
import type { PickedFile, Picks } from "./picked.ts";
import { createGate, isOfSameKind, type Refusal } from "./rules.ts";
import { isRunning, isStopped, uploadsOf } from "./summary.ts";

export interface IntakeView {
  /** How many files of what is being added have been looked at; undefined while nothing is being added. */
  readonly seen: number | undefined;
  /** Of what was added last. */
  readonly refusals: readonly Refusal[];
  /** Whether some of what was dropped couldn't be read. */
  readonly isIncomplete: boolean;
  /** Whether there were several where one is taken: then none is. */
  readonly isTooMany: boolean;
  /** What is asked before they are added. */
  readonly doubt: Doubt | undefined;
}

/** How often it is told how many have been looked at, at most: each time the whole component renders. */
const TOLD_EVERY_MS = 100;

const EMPTY: IntakeView = {
  ...{ seen: undefined, refusals: [], isIncomplete: false, isTooMany: false },
  doubt: undefined,
};

export interface Intent {
  /** Whether they were chosen to continue earlier uploads, under whatever name. */
  readonly isAsked: boolean;
  /** Whether their bytes are looked for before they are sent. */
  readonly findDuplicates: boolean;
  /** Whether there may be one alone. */
  readonly isSingle: boolean;
  /** Whether nothing is asked of them any more. */
  readonly isSure?: boolean;
  /** Whether what is left of the quota is the server's to say: what is known here may be from before. */
  readonly ignoresRoom?: boolean;
  /** Called when the first of them is taken, unless others of their place are on their way: another batch. */
  onBatch?(): void;
}

/** Files that may not be what their user means. */
export interface Doubt {
  /** They continue none of the uploads that they were chosen for, or the new version is of another kind. */
  readonly kind: "not-continued" | "other-ending";
  readonly picks: readonly PickedFile[];
  /** What was expected instead: the names of unfinished uploads, or of the file that is replaced. */
  readonly expected: readonly string[];
  readonly meta: UploadMeta;
  readonly intent: Intent;
}

export interface IntakeOptions {
  readonly uploader: Uploader;
  rules(): UploadRulesResponse | undefined;
  /** How a file is called; undefined where that can't be had. */
  filenameOf(fileId: string): Promise<string | undefined>;
}

/**
 * Takes files in without keeping the page from drawing: rows appear at once, and sending begins when all of them have been
 * looked at, so that what is refused is said before.
 */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #listeners = new Set<() => void>();
  readonly #handles = new WeakMap<File, FileSystemFileHandle>();
  #view = EMPTY;
  #running = Promise.resolve();

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly read = (): IntakeView => this.#view;

  /** Adds one after what is being added. Never rejects. */
  add(picks: Picks, meta: UploadMeta, intent: Intent): Promise<void> {
    this.#running = this.#running.then(() => this.#take(picks, meta, intent));
    return this.#running;
  }

  readonly dismiss = (): void => this.#show(EMPTY);

  /** Answers what is asked: they are added all the same, or left out. */
  readonly settle = (isConfirmed: boolean): void => {
    const { doubt } = this.#view;
    if (doubt === undefined) return;
    this.#show({ ...this.#view, doubt: undefined });
    if (isConfirmed)
      void this.add(doubt.picks, doubt.meta, { ...doubt.intent, isAsked: false, isSure: true });
  };

  /** Adds those that there was no room for once more. */
  retry(meta: UploadMeta, intent: Intent): void {
    const picks = this.#view.refusals.flatMap((each) => (each.kind === "no-room" ? [each.pick] : []));
    void this.add(picks, meta, { ...intent, ignoresRoom: true });
  }

  /** Sends once more what the server refused; what has only stopped goes on. */
  readonly again = (upload: Upload): void => {
    if (isStopped(upload)) return upload.resume();
    const { uploader } = this.#options;
    const { file, meta } = upload;
    uploader.remove(upload);
    uploader.add(file, meta, { handle: this.#handles.get(file), findDuplicates: false }).start();
  };

  async #take(picks: Picks, meta: UploadMeta, intent: Intent): Promise<void> {
    if (!intent.isSingle || intent.isSure === true) return this.#takeAll(picks, meta, intent);
    this.#show({ ...EMPTY, seen: 0 });
    const { found, isIncomplete } = await firstTwo(picks);
    const [first, second] = found;
    if (second !== undefined) return this.#show({ ...EMPTY, isTooMany: true });
    if (first === undefined) return this.#show({ ...EMPTY, isIncomplete });
    const replaced = meta.replaces === undefined ? undefined : await this.#options.filenameOf(meta.replaces);
    if (replaced === undefined || isOfSameKind(first.file.name, replaced))
      return this.#takeAll([first], meta, intent, isIncomplete);
    const doubt = { kind: "other-ending", picks: [first], expected: [replaced], meta, intent } as const;
    this.#show({ ...EMPTY, isIncomplete, doubt });
  }

  async #takeAll(picks: Picks, meta: UploadMeta, intent: Intent, wasIncomplete = false): Promise<void> {
    const { isAsked, findDuplicates } = intent;
    const gate = createGate(this.#options.rules(), intent.ignoresRoom === true);
    const pace = createPace();
    const unmatched: PickedFile[] = [];
    const uploads: Upload[] = [];
    const refusals: Refusal[] = [];
    let seen = 0;
    let isIncomplete = wasIncomplete;
    const begin = this.#batchOf(meta, intent);
    let toldAtMs = performance.now();
    this.#show({ ...EMPTY, seen });
    const previous = await findPreviousOf(this.#options.uploader, meta);
    try {
      for await (const pick of picks) {
        seen += 1;
        const refusal = gate(pick);
        const isContinued = refusal === undefined && (await previous.resume(pick, isAsked));
        if (refusal !== undefined) refusals.push(refusal);
        else if (!isContinued && isAsked) unmatched.push(pick);
        else if (!isContinued) uploads.push(this.#add(pick, meta, findDuplicates));
        begin(seen - refusals.length - unmatched.length);
        if (!pace.isDue()) continue;
        if (performance.now() - toldAtMs >= TOLD_EVERY_MS) {
          toldAtMs = performance.now();
          this.#show({ ...EMPTY, seen, refusals: [...refusals] });
        }
        await pace.rest();
      }
    } catch {
      // A folder or file that can't be read ends the walk; what was read before it goes on.
      isIncomplete = true;
    }
    const expected = previous.left();
    const doubt =
      unmatched.length === 0
        ? undefined
        : ({ kind: "not-continued", picks: unmatched, expected, meta, intent } as const);
    this.#show({ ...EMPTY, refusals, isIncomplete, doubt });
    await startAll(uploads);
  }

  /** Given how many are taken by now, tells once that another batch has begun; where one is on its way, they belong to that. */
  #batchOf(meta: UploadMeta, { onBatch }: Intent): (taken: number) => void {
    const before = uploadsOf(this.#options.uploader.uploads, meta);
    let isDue = !before.some((each) => isRunning(each) || isStopped(each));
    return (taken) => {
      if (!isDue || taken === 0) return;
      isDue = false;
      onBatch?.();
    };
  }

  #add({ file, folder, handle }: PickedFile, meta: UploadMeta, findDuplicates: boolean): Upload {
    if (handle !== undefined) this.#handles.set(file, handle);
    const whole = folder === "" ? meta : { ...meta, folder };
    return this.#options.uploader.add(file, whole, { handle, findDuplicates });
  }

  #show(view: IntakeView): void {
    this.#view = view;
    for (const listener of this.#listeners) listener();
  }
}

interface FirstTwo {
  readonly found: readonly PickedFile[];
  readonly isIncomplete: boolean;
}

async function firstTwo(picks: Picks): Promise<FirstTwo> {
  const found: PickedFile[] = [];
  let isIncomplete = false;
  try {
    for await (const pick of picks) if (found.push(pick) === 2) break;
  } catch {
    // A folder or file that can't be read: what was read before it goes on.
    isIncomplete = true;
  }
  return { found, isIncomplete };
}

async function startAll(uploads: readonly Upload[]): Promise<void> {
  const pace = createPace();
  for (const upload of uploads) {
    upload.start();
    // What it begins with is done in between, and belongs to the slice.
    await Promise.resolve();
    if (pace.isDue()) await pace.rest();
  }
}
