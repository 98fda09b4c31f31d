import type { ServerProcess } from "./server-process.ts";
import { startServerProcess } from "./server-process.ts";

/** Where bytes end, each in a process of its own: what it costs to receive them is nobody's figure. */
export interface Sinks {
  /** Of workers, in place of R2. */
  readonly bucket: ServerProcess;
  /** Of the product, in place of D1. */
  readonly database: ServerProcess;
  /** Of servers on Node. */
  readonly s3: ServerProcess;
  stop(): Promise<void>;
}

export async function startSinks(): Promise<Sinks> {
  const bucket = await startServerProcess(new URL("./sink.ts", import.meta.url));
  const database = await startServerProcess(new URL("./database.ts", import.meta.url));
  const s3 = await startServerProcess(new URL("./s3-sink.ts", import.meta.url));
  const stop = async (): Promise<void> => {
    await Promise.all([bucket, database, s3].map((sink) => sink.stop()));
  };
  return { bucket, database, s3, stop };
}
