import { setTimeout as wait } from "node:timers/promises";
import type { FileRecord } from "#contract/api.ts";
import type { FileList } from "#contract/listing.ts";
import type { Caller } from "../api.ts";
import { uploadFile } from "../api.ts";
import type { MixedFile } from "./mix.ts";

const AT_A_TIME = 4;
/** Between two tries to reach what was killed. */
const AGAIN_MS = 50;

/**
 * Uploads every file until it was acknowledged. One whose connection was lost is begun anew: of the first there may be a
 * part, or all, under the same name. Returns the ids of those that were acknowledged.
 */
export async function uploadAll(caller: Caller, files: readonly MixedFile[]): Promise<ReadonlySet<string>> {
  const acknowledged = new Set<string>();
  const left = [...files];
  const work = async (): Promise<void> => {
    for (let file = left.shift(); file !== undefined; file = left.shift()) {
      acknowledged.add(await uploadOnce(caller, file));
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return acknowledged;
}

async function uploadOnce(caller: Caller, { filename, make }: MixedFile): Promise<string> {
  const bytes = await make();
  for (;;) {
    const fileId = await uploadFile(caller, bytes, { filename }).catch(onlyLost);
    if (fileId !== undefined) return fileId;
    await wait(AGAIN_MS);
  }
}

/** A worker that was killed answers nothing, and one that is starting says that it is not ready. */
function onlyLost(error: unknown): undefined {
  if (error instanceof TypeError || /answered 50[0-9]/.test(String(error))) return undefined;
  throw error;
}

/** All files of a tenant. */
export async function listAll(caller: Caller): Promise<readonly FileRecord[]> {
  const found: FileRecord[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const answer = await caller.fetch(`/v1/files?limit=200${cursor === "" ? "" : `&cursor=${cursor}`}`);
    const page = (await answer.json()) as FileList;
    found.push(...page.items);
    cursor = page.nextCursor;
  }
  return found;
}
