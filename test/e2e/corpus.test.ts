import { beforeAll, expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { newCaller } from "../support/api.ts";
import type { Seen } from "../support/corpus/ends.ts";
import { endsOf } from "../support/corpus/ends.ts";
import { corpus } from "../support/corpus/manifest.ts";
import type { CorpusFile, Ending } from "../support/corpus/row.ts";
import { timeLimitMs, runs } from "../support/runs.ts";
import { sha256Of } from "../support/sha256.ts";

const FILES = corpus(runs(0, 1) === 1);
/** Of a document when others use the cores too; a test waits for those before its own. */
const PER_FILE_MS = 5_000;

let caller: Caller;
let ends: ReturnType<typeof endsOf>;
beforeAll(async () => {
  caller = await newCaller();
  ends = endsOf(caller, FILES);
});

/** How a file ended, in the manifest's words. */
function inWords(seen: Seen | undefined): object | undefined {
  if (seen?.state !== "ended") return seen;
  const { state, verdict, derivatives, missingDerivatives, properties } = seen.record;
  if (state !== "clean") return { state, by: verdict?.signatureName };
  const standings = [
    ...derivatives.map(({ name }) => [name, "ready"] as const),
    ...missingDerivatives.map((missing) => [missing.name, missing.state] as const),
  ];
  return { state, derivatives: Object.fromEntries(standings), properties };
}

function expected(ending: Ending): object {
  if (ending.state === "infected") return { state: "infected", by: expect.stringMatching(/eicar/i) };
  if (ending.state !== "clean") return ending;
  return { ...ending, properties: expect.objectContaining(ending.properties) };
}

async function servedDigest(fileId: string): Promise<string | number> {
  const answer = await caller.fetch(`/v1/files/${fileId}/content`);
  return answer.ok ? sha256Of(Buffer.from(await answer.arrayBuffer())) : answer.status;
}

test.each(
  FILES.map((file) => [`${file.filename.slice(0, 40)}, ${file.what}, is ${file.ends.state}`, file] as const),
)(
  "%s",
  async (_title: string, file: CorpusFile) => {
    const seen = await ends.get(file)?.();
    expect(inWords(seen)).toEqual(expected(file.ends));
    if (seen?.state !== "ended") return;
    const { state, sha256 } = seen.record;
    // What is clean is served as it came, and nothing else is served at all.
    expect(sha256).toBe(seen.sentSha256);
    expect(await servedDigest(seen.record.id)).toBe(state === "clean" ? sha256 : 403);
  },
  timeLimitMs(PER_FILE_MS, FILES.length),
);
