/** Prints what the processor would find here, started by ladder tests as somebody else or where less is allowed. */
import { Sandbox } from "../../../processor/sandbox/sandbox.ts";
import { createScratch, LIMITS } from "./sandboxes.ts";

const PLACES = ["/", "/dev", "/etc", "/tmp", "/usr", "/var"];
const SCRIPT = PLACES.map((place) => `{ echo > ${place}/causeway-test && echo ${place}; } 2> /dev/null`).join(
  "; ",
);

const sandbox = await Sandbox.create();
await using scratch = await createScratch();
const wrote = await sandbox.run(
  ["/bin/sh", "-c", `${SCRIPT}; true`],
  scratch.path,
  LIMITS,
  new AbortController().signal,
);
process.stdout.write(JSON.stringify({ rung: sandbox.rung, isolation: sandbox.isolation, wrote }));
