import { AppError } from "#contract/errors.ts";
import type { MultipartWriter, ObjectReader, StoredFacts } from "../../storage/object-store.ts";
import type { UploadState } from "../state/upload-state.ts";
import type { UploadStore } from "../state/upload-store.ts";

/**
 * For how long a store has to know neither an upload's parts nor its object, at every look, before they are lost: a
 * completion that nobody waits for any more takes the parts first, and its object comes when it comes.
 */
export const LOST_AFTER_MS = 10 * 60_000;

export interface CompletionOptions {
  readonly store: UploadStore;
  readonly objects: Pick<MultipartWriter, "completeMultipart"> & Pick<ObjectReader, "head">;
  readonly now: () => number;
}

/**
 * Makes an upload's parts its object, and returns the etag of that. May be called again. Throws `STORE_UNAVAILABLE` for
 * what is to be tried again, and `UPLOAD_LOST` for what was lost.
 */
export async function completeObject(options: CompletionOptions): Promise<string> {
  const state = options.store.requireState();
  const facts = await findObject(options, state);
  if (facts === undefined) throw missingError(options);
  if (facts.sizeBytes !== state.lengthBytes) {
    throw new AppError("UPLOAD_LOST", { detail: "What is stored has another size." });
  }
  return facts.etag;
}

async function findObject(
  { store, objects }: CompletionOptions,
  { objectKey, multipartId, missingSinceMs }: UploadState,
): Promise<StoredFacts | undefined> {
  if (objectKey === null || multipartId === null)
    throw new Error("There is no multipart upload to complete.");
  try {
    const completed = await objects.completeMultipart(objectKey, multipartId, store.parts());
    // Unknown to the store: an earlier attempt was carried out and its answer lost. The object itself tells.
    return completed ?? (await objects.head(objectKey));
  } catch (error) {
    // This attempt may be on its way now: what was seen before it says nothing any more.
    if (missingSinceMs !== undefined) store.update({ missingSinceMs: undefined });
    throw error;
  }
}

function missingError({ store, now }: CompletionOptions): AppError {
  const nowMs = now();
  const { missingSinceMs = nowMs } = store.requireState();
  const detail = "The store knows neither its parts nor its object.";
  if (nowMs - missingSinceMs >= LOST_AFTER_MS) return new AppError("UPLOAD_LOST", { detail });
  store.update({ missingSinceMs });
  return new AppError("STORE_UNAVAILABLE", { detail });
}
