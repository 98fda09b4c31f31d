/** Uploads files of the corpus, and tells how each ended. */
import type { FileRecord } from "#contract/api.ts";
import type { Caller } from "../api.ts";
import { APPEND, creationHeaders, fileIdOf, readProblem, waitForRecord } from "../api.ts";
import { sha256Of } from "../sha256.ts";
import type { CorpusFile } from "./row.ts";

/** How a file ended: by a code where it was refused, with its record where it wasn't. */
export type Seen =
  | { readonly state: "refused"; readonly code: string }
  | { readonly state: "ended"; readonly record: FileRecord; readonly sentSha256: string };

/** As many documents as can wait for their turn; what comes beside them is tried again later (processor/lanes.ts). */
const AT_A_TIME = 8;

/** Begins with all of them, a few at a time, in their order. Each has a promise of its own. */
export function endsOf(
  caller: Caller,
  files: readonly CorpusFile[],
): ReadonlyMap<CorpusFile, () => Promise<Seen>> {
  const ends = files.map((file) => ({ file, ...Promise.withResolvers<Seen>() }));
  const left = [...ends];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const { file, promise, resolve, reject } = next;
      // It is asked for later.
      promise.catch(() => {});
      await endOf(caller, file).then(resolve, reject);
    }
  };
  for (let worker = 0; worker < AT_A_TIME; worker++) void work();
  return new Map(ends.map(({ file, promise }) => [file, () => promise]));
}

async function endOf(caller: Caller, { filename, type, make }: CorpusFile): Promise<Seen> {
  const bytes = Buffer.from(await make());
  const metadata = { filename, ...(type === undefined ? {} : { filetype: type }) };
  const answer = await caller.fetch("/v1/uploads", {
    method: "POST",
    headers: { ...creationHeaders(bytes.byteLength, metadata), ...APPEND },
    body: bytes.byteLength === 0 ? null : bytes,
  });
  if (answer.status !== 201) {
    const { code } = await readProblem(answer);
    return { state: "refused", code };
  }
  const fileId = fileIdOf(answer.headers.get("location") ?? "");
  const record = await waitForRecord(caller, fileId, isSettled);
  return { state: "ended", record, sentSha256: sha256Of(bytes) };
}

/** Its check is over, and nothing is being made of it any more. */
function isSettled({ state, missingDerivatives }: FileRecord): boolean {
  if (state === "uploading" || state === "quarantined") return false;
  return missingDerivatives.every((missing) => missing.state !== "making");
}
