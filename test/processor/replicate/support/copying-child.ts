/**
 * Copies a file to the targets of its environment, as a process that can be killed. Its arguments are the file and what is
 * known of it. It tells of each part that the directory is given, before it is: no proxy could count those.
 */
import { createReadStream } from "node:fs";
import { copyToTargets } from "../../../../processor/replicate/copy-to-targets.ts";
import { createReplicaTargets } from "../../../../processor/replicate/replica-config.ts";
import type { CopyFacts, CopyWriter, ReplicaTarget } from "../../../../processor/replicate/target.ts";

const WITHIN_MS = 60_000;

function tell(message: object): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, (error: Error | null) => (error === null ? resolve() : reject(error)));
  });
}

function toldOf(target: ReplicaTarget): ReplicaTarget {
  const begin = async (...given: Parameters<ReplicaTarget["begin"]>): Promise<CopyWriter> => {
    const writer = await target.begin(...given);
    return {
      sentBytes: writer.sentBytes,
      confirm: (part) => writer.confirm(part),
      async write(part, signal) {
        await tell({ givenBytes: part.bytes.byteLength });
        await writer.write(part, signal);
      },
      complete: (checksums, signal) => writer.complete(checksums, signal),
      abandon: (signal) => writer.abandon(signal),
    };
  };
  return new Proxy(target, {
    get: (of, name) => (name === "begin" ? begin : Reflect.get(of, name)) as unknown,
  });
}

const [path = "", facts = "{}"] = process.argv.slice(2);
const created = await createReplicaTargets(process.env);
if (!created.ok) throw new Error(created.problems.join("\n"));
const targets = created.targets.map((each) => (each.kind === "directory" ? toldOf(each) : each));
const signal = AbortSignal.timeout(WITHIN_MS);
const outcomes = await copyToTargets(createReadStream(path), JSON.parse(facts) as CopyFacts, targets, signal);
await tell({ states: [...outcomes].map(([name, { state }]) => [name, state]) });
for (const target of targets) target.close();
process.disconnect();
