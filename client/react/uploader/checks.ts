import type { FileRecord } from "#contract/api.ts";
import type { FileVersion } from "#contract/versions.ts";
import type { Upload } from "../../core/upload.ts";
import type { CausewayClient } from "../client.ts";

/** Files that are asked about at a time; the others wait, and show that they are being checked, which is so. */
const AT_A_TIME = 6;
/** And so long at a time, where others wait: a check may take hours. */
const TURN_MS = 30_000;

/** What is said of a file once its check is over. */
export type Settled =
  | Pick<FileRecord, "state" | "verdict">
  | Pick<FileVersion, "state" | "signatureName" | "reason">;

/** What has become of an uploaded file. */
export type Check =
  | { readonly kind: "checking" }
  | { readonly kind: "settled"; readonly file: Settled }
  /** The server couldn't be asked: the file is there, and nobody here knows how it stands. */
  | { readonly kind: "unknown" };

/** What a host was told of an upload. */
export type Told = "uploaded" | "settled";

const CHECKING: Check = { kind: "checking" };

type Asked = Pick<CausewayClient, "files" | "uploads" | "versions">;

/** Follows uploaded files until their check is over. */
export class Checks {
  readonly #client: Asked;
  readonly #told = new WeakMap<Upload, Told>();
  readonly #known = new WeakMap<Upload, Check>();
  readonly #listeners = new Set<() => void>();
  readonly #waiting: Upload[] = [];
  #running = 0;
  #changes = 0;

  constructor(client: Asked) {
    this.#client = client;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Grows with every change. */
  readonly read = (): number => this.#changes;

  /** Undefined until the upload is there and `follow` was called. */
  of(upload: Upload): Check | undefined {
    return this.#known.get(upload);
  }

  /** Begins with an upload that has just ended; another call for it does nothing. */
  follow(upload: Upload): void {
    if (this.#known.has(upload)) return;
    this.#known.set(upload, CHECKING);
    this.#waiting.push(upload);
    this.#next();
  }

  /** What of these was told by any component so far. */
  toldOf(uploads: readonly Upload[]): WeakMap<Upload, Told> {
    return new WeakMap(
      uploads.flatMap((upload): [Upload, Told][] => {
        const told = this.#told.get(upload);
        return told === undefined ? [] : [[upload, told]];
      }),
    );
  }

  tell(upload: Upload, told: Told): void {
    this.#told.set(upload, told);
  }

  #next(): void {
    if (this.#running >= AT_A_TIME) return;
    const upload = this.#waiting.shift();
    if (upload === undefined) return;
    this.#running += 1;
    void this.#ask(upload).then((check) => {
      this.#running -= 1;
      if (check.kind === "checking") {
        if (this.#isListed(upload)) this.#waiting.push(upload);
        return this.#next();
      }
      this.#known.set(upload, check);
      this.#changes += 1;
      for (const listener of this.#listeners) listener();
      this.#next();
    });
  }

  async #ask(upload: Upload): Promise<Check> {
    const { state, meta } = upload;
    if (state.kind !== "uploaded") return { kind: "unknown" };
    const { fileId, version } = state;
    const { files, versions } = this.#client;
    const turn = new AbortController();
    const { signal } = turn;
    const timer = setInterval(() => {
      if (this.#waiting.length > 0 || !this.#isListed(upload)) turn.abort();
    }, TURN_MS);
    try {
      // A new version's check leaves the file as it is until it has passed.
      const file =
        meta.replaces === undefined
          ? await files.waitUntilSettled(fileId, { signal })
          : await versions.waitForVersion(fileId, version, { signal });
      return { kind: "settled", file };
    } catch {
      return signal.aborted ? CHECKING : { kind: "unknown" };
    } finally {
      clearInterval(timer);
    }
  }

  /** Nobody sees one that was taken off the list. */
  #isListed(upload: Upload): boolean {
    return this.#client.uploads.uploads.includes(upload);
  }
}

const checksOfClients = new WeakMap<CausewayClient, Checks>();

/** The client's own, which outlives the components that show it. */
export function checksOf(client: CausewayClient): Checks {
  const known = checksOfClients.get(client);
  if (known !== undefined) return known;
  const made = new Checks(client);
  checksOfClients.set(client, made);
  return made;
}
