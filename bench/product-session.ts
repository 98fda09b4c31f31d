import { Client } from "./client.ts";
import { startSinks } from "./sinks.ts";
import type { TusOptions } from "./tus-client.ts";
import { TusClient } from "./tus-client.ts";
import type { WorkerRig, WorkerUnderTest } from "./worker-rig.ts";
import { startWorkerRig } from "./worker-rig.ts";

/** The product in a workerd of its own, and one client of it. */
export interface ProductSession {
  readonly rig: WorkerRig;
  readonly client: Client;
  readonly tus: TusClient;
}

/** Starts the product for `use` and stops it, whatever happens. */
export async function withProduct<T>(
  worker: WorkerUnderTest,
  options: TusOptions,
  use: (session: ProductSession) => Promise<T>,
): Promise<T> {
  const sinks = await startSinks();
  try {
    const rig = await startWorkerRig(worker, sinks);
    const client = new Client(rig.origin, 1);
    try {
      return await use({ rig, client, tus: new TusClient(client, options) });
    } finally {
      client.close();
      await rig.stop();
    }
  } finally {
    await sinks.stop();
  }
}
