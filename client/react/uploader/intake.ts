import type { UploadRulesResponse } from "#contract/upload-rules.ts";
import type { UploadMeta } from "../../core/types.ts";
import type { Upload } from "../../core/upload.ts";
import type { Uploader } from "../../core/uploader.ts";
import { findPreviousOf } from "./earlier.ts";
import { createPace } from "./pace.ts";
import type { PickedFile, Picks } from "./picked.ts";
import { createGate, type Refusal } from "./rules.ts";

export interface IntakeView {
  /** How many files of what is being added have been looked at; undefined while nothing is being added. */
  readonly seen: number | undefined;
  /** Of what was added last. */
  readonly refusals: readonly Refusal[];
  /** Whether some of what was dropped couldn't be read. */
  readonly isIncomplete: boolean;
}

const EMPTY: IntakeView = { seen: undefined, refusals: [], isIncomplete: false };

export interface Intent {
  /** Whether they were chosen to continue earlier uploads, under whatever name. */
  readonly isAsked: boolean;
  /** Whether their bytes are looked for before they are sent. */
  readonly findDuplicates: boolean;
}

export interface IntakeOptions {
  readonly uploader: Uploader;
  rules(): UploadRulesResponse | undefined;
}

/**
 * Takes files in without keeping the page from drawing: rows appear at once, and sending begins when all of them have been
 * looked at, so that what is refused is said before.
 */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #listeners = new Set<() => void>();
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

  async #take(picks: Picks, meta: UploadMeta, { isAsked, findDuplicates }: Intent): Promise<void> {
    const gate = createGate(this.#options.rules());
    const pace = createPace();
    const uploads: Upload[] = [];
    const refusals: Refusal[] = [];
    let seen = 0;
    let isIncomplete = false;
    this.#show({ ...EMPTY, seen });
    const previous = await findPreviousOf(this.#options.uploader, meta);
    try {
      for await (const pick of picks) {
        seen += 1;
        const refusal = gate(pick.file);
        if (refusal !== undefined) refusals.push(refusal);
        else if (!(await previous.resume(pick, isAsked))) uploads.push(this.#add(pick, meta, findDuplicates));
        if (!pace.isDue()) continue;
        this.#show({ seen, refusals: [...refusals], isIncomplete });
        await pace.rest();
      }
    } catch {
      // A folder or file that can't be read ends the walk; what was read before it goes on.
      isIncomplete = true;
    }
    this.#show({ seen: undefined, refusals, isIncomplete });
    await startAll(uploads);
  }

  #add({ file, folder, handle }: PickedFile, meta: UploadMeta, findDuplicates: boolean): Upload {
    const whole = folder === "" ? meta : { ...meta, folder };
    return this.#options.uploader.add(file, whole, { handle, findDuplicates });
  }

  #show(view: IntakeView): void {
    this.#view = view;
    for (const listener of this.#listeners) listener();
  }
}

async function startAll(uploads: readonly Upload[]): Promise<void> {
  const pace = createPace();
  for (const upload of uploads) {
    upload.start();
    if (pace.isDue()) await pace.rest();
  }
}
