/**
 * Copies one object to the targets of its environment when it is told to, as the processor does, and tells what failed: the
 * process whose memory is measured.
 */
import type { ObjectToCopy } from "#contract/replicas.ts";
import { ObjectStore } from "../../processor/object-store.ts";
import { copyObject } from "../../processor/replicate/copy-object.ts";
import { createReplicaTargets } from "../../processor/replicate/replica-config.ts";
import type { ReplicaTarget } from "../../processor/replicate/target.ts";

const created = await createReplicaTargets(process.env);
if (!created.ok) throw new Error(created.problems.join("\n"));
const { targets } = created;
const store = new ObjectStore({
  ...{
    endpoint: process.env["BENCH_PRIMARY"] ?? "",
    bucket: "primary",
    region: "auto",
    forcePathStyle: true,
  },
  ...{ accessKeyId: "any", secretAccessKey: "any" },
});

/** Returns what came in the way. Who couldn't keep up with others has a turn alone, with a read of its own. */
async function copy(object: ObjectToCopy, to: readonly ReplicaTarget[]): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const [name, { code, detail }] of await copyObject(store, object, to, new AbortController().signal)) {
    const alone = targets.filter((target) => target.name === name);
    if (code === "behind") problems.push(...(await copy(object, alone)));
    else problems.push(`${name}: ${detail}`);
  }
  return problems;
}

process.on("message", (object: ObjectToCopy) => {
  copy(object, targets).then(
    (problems) => process.send?.({ problems }),
    (error: unknown) => process.send?.({ problems: [String(error)] }),
  );
});
process.on("disconnect", () => process.exit(0));
process.send?.("ready");
