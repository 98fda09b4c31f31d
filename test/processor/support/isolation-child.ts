/** Prints what the processor would find here, started by ladder tests as somebody else or where less is allowed. */
import { Sandbox } from "../../../processor/sandbox/sandbox.ts";

const { rung, isolation } = await Sandbox.create();
process.stdout.write(JSON.stringify({ rung, ...isolation }));
process.exit(0);
