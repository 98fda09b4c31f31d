/**
 * Copies one object to the targets of its environment when it is told to, as the processor does, and tells what failed: the
 * process whose memory is measured.
 */
import type { ObjectToCopy } from "#contract/replicas.ts";
import { ObjectStore } from "../../processor/object-store.ts";
import { copyObject } from "../../processor/replicate/copy-object.ts";
import { createReplicaTargets } from "../../processor/replicate/replica-config.ts";

const created = createReplicaTargets(process.env);
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

process.on("message", (object: ObjectToCopy) => {
  copyObject(store, object, targets, new AbortController().signal).then(
    (failed) => process.send?.({ problems: [...failed].map(([name, { detail }]) => `${name}: ${detail}`) }),
    (error: unknown) => process.send?.({ problems: [String(error)] }),
  );
});
process.on("disconnect", () => process.exit(0));
process.send?.("ready");
