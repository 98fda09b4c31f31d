import type { Tables } from "./tables.ts";
import type { UploadDeclaration, UploadProgress, UploadState } from "./upload-state.ts";

const DECLARATION = 1;
const PROGRESS = 2;

/** The declaration first, then the progress; rows of bytes are numbered from 1. */
const SELECT = "SELECT json, id - 2 AS seq, 0 AS size FROM state";
const SELECT_WITH_TAIL = `${SELECT} UNION ALL SELECT NULL, seq, length(bytes) FROM tail`;

interface Loaded {
  readonly state: UploadState;
  /** What the tail is made of. */
  readonly tail: readonly { readonly seq: number; readonly sizeBytes: number }[];
}

/**
 * The state of an upload in its object's SQLite, as two rows: what was declared may be 60 KB (metadata, the partials of a
 * final upload) and never changes, so only the progress, some hundred bytes, is written with every commit.
 */
export class StateRows {
  readonly #storage: DurableObjectStorage;
  readonly #tables: Tables;

  constructor(storage: DurableObjectStorage, tables: Tables) {
    this.#storage = storage;
    this.#tables = tables;
  }

  /** Reads the state, and in the same go what the tail is made of: whoever comes back to an upload asks for both. */
  load(): Loaded | undefined {
    if (this.#tables.hasOld("upload")) this.#split();
    if (!this.#tables.has("state")) return undefined;
    const rows = this.#storage.sql
      .exec<{ json: string | null; seq: number; size: number }>(
        `${this.#tables.has("tail") ? SELECT_WITH_TAIL : SELECT} ORDER BY seq`,
      )
      .toArray();
    const [declaration, progress, ...tail] = rows;
    if (typeof declaration?.json !== "string" || typeof progress?.json !== "string") return undefined;
    // Our own words, written below: trusted, not parsed again.
    const state = { ...JSON.parse(declaration.json), ...JSON.parse(progress.json) } as UploadState;
    return { state, tail: tail.map(({ seq, size }) => ({ seq, sizeBytes: size })) };
  }

  /** Writes down what is declared, once. What is behind it is to be written in the same transaction. */
  declare(state: UploadState): void {
    this.#tables.require("state");
    this.#write(DECLARATION, splitState(state).declaration);
  }

  /** Writes where the upload has got to. */
  update(state: UploadState): void {
    this.#write(PROGRESS, splitState(state).progress);
  }

  #write(id: number, row: UploadDeclaration | UploadProgress): void {
    this.#storage.sql.exec(
      "INSERT INTO state (id, json) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET json = excluded.json",
      id,
      JSON.stringify(row),
    );
  }

  /** Objects of before there were two rows have the whole state in one. An upload remembers itself for a week at most. */
  #split(): void {
    this.#storage.transactionSync(() => {
      const { sql } = this.#storage;
      const [old] = sql.exec<{ state: string }>("SELECT state FROM upload").toArray();
      if (old !== undefined) {
        const state = JSON.parse(old.state) as UploadState;
        this.declare(state);
        this.update(state);
      }
      sql.exec("DROP TABLE upload");
    });
    this.#tables.reload();
  }
}

function splitState(state: UploadState): {
  readonly declaration: UploadDeclaration;
  readonly progress: UploadProgress;
} {
  const { tenantId, fileId, version, ownerId, actor, kind, filename, declaredType, ...others } = state;
  const { metadata, concat, wantedDigest, createdAtMs, idleMs, maxBytes, sources, creationKey, ...progress } =
    others;
  const names = { tenantId, fileId, version, ownerId, kind, filename, declaredType };
  const rest = { metadata, concat, wantedDigest, createdAtMs, idleMs, maxBytes, sources };
  const mayLack = {
    ...(actor === undefined ? {} : { actor }),
    ...(creationKey === undefined ? {} : { creationKey }),
  };
  return { declaration: { ...names, ...rest, ...mayLack }, progress };
}
