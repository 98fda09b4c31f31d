import { describeError, ProcessorFailure } from "../failure.ts";
import type { Scanner } from "./scanner.ts";

export type ScannerState =
  | { readonly up: true; readonly detail: string; readonly signatureVersion: string }
  | { readonly up: false; readonly detail: string; readonly signatureVersion: null };

/** Knows whether the scanner can be trusted with files now, and tells when that changes. */
export class ScannerMonitor {
  readonly #scanner: Pick<Scanner, "version" | "findsTestFile">;
  readonly #changed: (state: ScannerState) => void;
  #state: ScannerState = { up: false, detail: "not asked yet", signatureVersion: null };
  #checking: Promise<ScannerState> | undefined;

  constructor(scanner: Pick<Scanner, "version" | "findsTestFile">, changed: (state: ScannerState) => void) {
    this.#scanner = scanner;
    this.#changed = changed;
  }

  get state(): ScannerState {
    return this.#state;
  }

  /** Asks the scanner now; calls that overlap share one answer. Never throws. */
  check(): Promise<ScannerState> {
    this.#checking ??= this.#ask().finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  async #ask(): Promise<ScannerState> {
    const before = this.#state;
    this.#state = await this.#examine().catch((error: unknown) => down(explain(error)));
    const same = before.up === this.#state.up && before.signatureVersion === this.#state.signatureVersion;
    if (!same || before.detail === "not asked yet") this.#changed(this.#state);
    return this.#state;
  }

  /** Its version is as good a ping as any. The test file is asked for only when something is new. */
  async #examine(): Promise<ScannerState> {
    const { engine, signatureVersion } = await this.#scanner.version();
    const known = this.#state.up && this.#state.signatureVersion === signatureVersion;
    if (!known && !(await this.#scanner.findsTestFile()))
      return down("the scanner does not recognise the test file");
    return { up: true, detail: engine, signatureVersion };
  }
}

function explain(error: unknown): string {
  return error instanceof ProcessorFailure ? error.detail : describeError(error);
}

function down(detail: string): ScannerState {
  return { up: false, detail: detail.slice(0, 300), signatureVersion: null };
}
