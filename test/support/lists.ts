import { UserId } from "#contract/ids.ts";
import type { FileList } from "#contract/listing.ts";
import { foldName } from "#contract/names.ts";
import type { Caller } from "./api.ts";
import { newCaller, readProblem } from "./api.ts";
import type { Asker, ListedFile } from "./listed-files.ts";
import { insertionOf } from "./listed-files.ts";
import type { SharedWorker } from "./shared-worker.ts";
import { sharedWorkerAlone } from "./shared-worker.ts";

const DAY_MS = 86_400_000;

/** Files that are written into a worker's database as they are to be: by uploads a test of lists would take hours. */
export class Listed {
  readonly files: ListedFile[] = [];
  readonly #worker: SharedWorker = sharedWorkerAlone();

  async add(...files: readonly ListedFile[]): Promise<void> {
    await this.run(files.flatMap(insertionOf));
    this.files.push(...files);
  }

  async rename(file: ListedFile, name: string): Promise<void> {
    const params = [name, foldName(name), file.tenantId, file.id];
    await this.run([
      ["UPDATE files SET filename = ?, folded_name = ? WHERE tenant_id = ? AND id = ?", params],
    ]);
    this.files.splice(this.files.indexOf(file), 1, { ...file, filename: name });
  }

  async remove(file: ListedFile): Promise<void> {
    await this.run([["DELETE FROM files WHERE tenant_id = ? AND id = ?", [file.tenantId, file.id]]]);
    this.files.splice(this.files.indexOf(file), 1);
  }

  async run(statements: readonly (readonly [string, readonly (string | number | null)[]])[]): Promise<void> {
    if (statements.length === 0) return;
    const database = this.#worker.openDatabase("DB");
    await database.batch(statements.map(([sql, params]) => database.prepare(sql).bind(...params)));
  }

  caller({ tenantId, userId, role }: Asker): Promise<Caller> {
    return newCaller({
      tenantId: tenantId as Caller["tenantId"],
      user: UserId.parse(userId),
      role,
      stack: this.#worker,
    });
  }
}

let made = 0;
/** A file that differs from all others by its id, its name and its time, and for the rest as it is said. */
export function file(tenantId: string, facts: Partial<ListedFile> = {}): ListedFile {
  made += 1;
  return {
    ...{ tenantId, id: String(made).padStart(26, "0"), ownerId: "ann", filename: `${made}.txt` },
    ...{ entityType: null, entityId: null, tags: [], state: "clean", mimeType: "text/plain" },
    ...{
      fileClass: "document",
      sha256: null,
      sizeBytes: 1,
      createdAtMs: Date.UTC(2026, 0, 1) + made * DAY_MS,
    },
    ...{ deletedAtMs: null, isPurging: false, sharedWith: {} },
    ...facts,
  };
}

/** A query as it is sent: a list is a parameter that is repeated. */
export function queryText(query: object): string {
  const pairs = Object.entries(query).flatMap(([key, value]) =>
    [value].flat().map((each): [string, string] => [key, String(each)]),
  );
  return new URLSearchParams(pairs).toString();
}

/** A page of the files that a caller lists. */
export async function list(caller: Caller, query: object = {}): Promise<FileList> {
  const answer = await caller.fetch(`/v1/files?${queryText(query)}`);
  if (answer.status !== 200) throw new Error(`The list answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as FileList;
}

/** The names of these files, in their order. */
export async function names(caller: Caller, query: object = {}): Promise<readonly string[]> {
  return (await list(caller, query)).items.map((item) => item.filename);
}

/** Why a list is refused. */
export async function refusal(caller: Caller, query: object): Promise<unknown> {
  return readProblem(await caller.fetch(`/v1/files?${queryText(query)}`));
}
