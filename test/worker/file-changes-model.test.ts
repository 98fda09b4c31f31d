import fc from "fast-check";
import { expect, test } from "vitest";
import { chargeOf } from "#contract/charges.ts";
import type { Caller } from "../support/api.ts";
import { newCaller, uploadFile } from "../support/api.ts";
import { countsOf, patchFile, postBulk } from "../support/file-states.ts";
import { runs, timeLimitMs } from "../support/runs.ts";
import { useWorkerAlone } from "../support/worker-alone.ts";

/** Whatever is done with files in whatever order, each is where a simple model says, and the tenant's counts are right. */

const worker = useWorkerAlone();

const SIZES = [3, 5, 11];

interface ModelFile {
  place: "live" | "trash" | "gone";
  filename: string;
  tags: readonly string[];
  isPublic: boolean;
}

type Step =
  | { readonly kind: "edit"; readonly file: number; readonly edit: Partial<Omit<ModelFile, "place">> }
  | {
      readonly kind: "delete" | "restore" | "purge";
      readonly files: readonly number[];
      readonly inBulk: boolean;
    }
  | { readonly kind: "tag" | "untag"; readonly files: readonly number[]; readonly tag: string }
  | { readonly kind: "time-passes" };

const file = fc.nat({ max: SIZES.length - 1 });
const some = fc.uniqueArray(file, { minLength: 1 });
const tag = fc.constantFrom("a", "b", "c");
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("edit" as const),
    file,
    edit: fc.oneof(
      fc.record({ filename: fc.constantFrom("x.txt", "y.txt") }),
      fc.record({ tags: fc.uniqueArray(tag) }),
      fc.record({ isPublic: fc.boolean() }),
      fc.record({
        filename: fc.constantFrom("x.txt", "y.txt"),
        tags: fc.uniqueArray(tag),
        isPublic: fc.boolean(),
      }),
    ),
  }),
  fc.record({
    kind: fc.constantFrom("delete" as const, "restore" as const),
    files: some,
    inBulk: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("purge" as const), files: fc.tuple(file), inBulk: fc.boolean() }),
  fc.record({ kind: fc.constantFrom("tag" as const, "untag" as const), files: some, tag }),
  fc.record({ kind: fc.constant("time-passes" as const) }),
);

function applyToModel(model: ModelFile[], each: Step): void {
  if (each.kind === "time-passes") {
    for (const one of model) if (one.place === "trash") one.place = "gone";
    return;
  }
  const touched = each.kind === "edit" ? [each.file] : each.files;
  for (const one of touched.flatMap((index) => model[index] ?? [])) applyToFile(one, each);
}

function applyToFile(one: ModelFile, each: Exclude<Step, { kind: "time-passes" }>): void {
  if (each.kind === "restore" && one.place === "trash") one.place = "live";
  else if (each.kind === "purge") one.place = "gone";
  else if (one.place === "live") applyToLive(one, each);
}

function applyToLive(one: ModelFile, each: Exclude<Step, { kind: "time-passes" }>): void {
  if (each.kind === "edit") Object.assign(one, each.edit);
  if (each.kind === "delete") one.place = "trash";
  if (each.kind === "tag") one.tags = [...new Set([...one.tags, each.tag])];
  if (each.kind === "untag") one.tags = one.tags.filter((name) => name !== each.tag);
}

async function carryOut(caller: Caller, ids: readonly string[], each: Step): Promise<void> {
  if (each.kind === "time-passes") {
    await worker.query(
      "UPDATE files SET purge_at_ms = 1 WHERE tenant_id = ? AND purge_at_ms > 0",
      caller.tenantId,
    );
    return worker.runScheduled();
  }
  if (each.kind === "edit") {
    await patchFile(caller, ids[each.file] ?? "", each.edit);
    return;
  }
  const fileIds = each.files.map((index) => ids[index] ?? "");
  if ("tag" in each) {
    await postBulk(caller, { action: each.kind, fileIds, tags: [each.tag] });
  } else if (each.inBulk) {
    await postBulk(caller, { action: each.kind, fileIds });
  } else {
    for (const id of fileIds) await carryOutOne(caller, id, each.kind);
  }
}

async function carryOutOne(caller: Caller, id: string, kind: "delete" | "restore" | "purge"): Promise<void> {
  if (kind === "restore") await caller.fetch(`/v1/files/${id}/restore`, { method: "POST" });
  else await caller.fetch(`/v1/files/${id}?permanent=${kind === "purge"}`, { method: "DELETE" });
}

async function seen(caller: Caller, id: string): Promise<ModelFile | { place: "gone" }> {
  const answer = await caller.fetch(`/v1/files/${id}`);
  if (answer.status === 404) return { place: "gone" };
  const { filename, tags, isPublic, deletedAt } = (await answer.json()) as ModelFile & {
    deletedAt: string | null;
  };
  return { place: deletedAt === null ? "live" : "trash", filename, tags: tags.toSorted(), isPublic };
}

function bytesIn(model: readonly ModelFile[], place: ModelFile["place"]): number {
  return model.reduce((sum, one, index) => sum + (one.place === place ? chargeOf(SIZES[index] ?? 0) : 0), 0);
}

const COUNT = runs(8, 200);

test(
  "files are where a model of them says",
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const caller = await newCaller({ stack: worker });
        const ids: string[] = [];
        for (const sizeBytes of SIZES) ids.push(await uploadFile(caller, Buffer.alloc(sizeBytes, "a")));
        const model: ModelFile[] = SIZES.map(() => {
          return { place: "live", filename: "notes.txt", tags: [], isPublic: false };
        });
        for (const each of steps) {
          await carryOut(caller, ids, each);
          applyToModel(model, each);
          const expected = model.map((one) =>
            one.place === "gone" ? { place: "gone" } : { ...one, tags: one.tags.toSorted() },
          );
          expect(await Promise.all(ids.map((id) => seen(caller, id)))).toEqual(expected);
        }
        await expect
          .poll(() => countsOf(worker, caller))
          .toMatchObject({
            file_count: model.filter(({ place }) => place !== "gone").length,
            files_bytes: bytesIn(model, "live"),
            trash_bytes: bytesIn(model, "trash"),
          });
      }),
      { numRuns: COUNT },
    );
  },
  timeLimitMs(2_000, COUNT),
);
