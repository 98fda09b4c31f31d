import { COLLECT_PATH } from "./causeway.ts";
import { Client } from "./client.ts";
import type { Rig } from "./rig.ts";
import { requireStatus } from "./tus-client.ts";

/** A few times for each GB: what comes together between two is what the figures are too high by. */
const INTERVAL_MS = 100;

/** Has a worker collect its garbage again and again while `work` is done, and once more behind it. */
export async function whileCollecting<T>(rig: Rig, work: () => Promise<T>): Promise<T> {
  const client = new Client(rig.origin, 1);
  const collect = async (): Promise<void> => requireStatus(await client.send("GET", COLLECT_PATH, {}), 200);
  await collect();
  let collecting = Promise.resolve();
  const timer = setInterval(() => {
    collecting = collecting.then(collect);
  }, INTERVAL_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    await collecting;
    client.close();
  }
}
