import { describeError } from "../failure.ts";
import { fetchClamdVersion, findsTestFile } from "./clamd.ts";
import type { ClamdAddress } from "./instream.ts";

export type ScannerState =
  | { readonly up: true; readonly detail: string; readonly signatureVersion: string }
  | { readonly up: false; readonly detail: string; readonly signatureVersion: null };

/** Knows whether the scanner can be trusted with files now, and tells when that changes. */
export class ScannerMonitor {
  readonly #address: ClamdAddress;
  readonly #changed: (state: ScannerState) => void;
  #state: ScannerState = { up: false, detail: "not asked yet", signatureVersion: null };
  #checking: Promise<ScannerState> | undefined;

  constructor(address: ClamdAddress, changed: (state: ScannerState) => void) {
    this.#address = address;
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
    this.#state = await this.#examine().catch((error: unknown) => down(describeError(error)));
    const same = before.up === this.#state.up && before.signatureVersion === this.#state.signatureVersion;
    if (!same || before.detail === "not asked yet") this.#changed(this.#state);
    return this.#state;
  }

  /** VERSION is as good a ping as PING. The test file is asked for only when something is new. */
  async #examine(): Promise<ScannerState> {
    const { engine, signatureVersion } = await fetchClamdVersion(this.#address);
    const known = this.#state.up && this.#state.signatureVersion === signatureVersion;
    if (!known && !(await findsTestFile(this.#address)))
      return down("clamd does not recognise the test file");
    return { up: true, detail: engine, signatureVersion };
  }
}

function down(detail: string): ScannerState {
  return { up: false, detail: detail.slice(0, 300), signatureVersion: null };
}
