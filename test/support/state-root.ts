import { statfsSync } from "node:fs";
import { tmpdir } from "node:os";

/** Linux's file system in memory. In a container it may be of 64 MiB. */
const IN_MEMORY = "/dev/shm";
/** All stacks that run at one time keep less than a third of it. */
const ROOM_BYTES = 4 * 2 ** 30;

/**
 * Where stacks of tests have their state: in memory where there is room. SQLite syncs a dozen times for each upload, and a
 * test would wait for the disk at each of them. What a kill leaves of a process is the same there; nobody takes the power.
 */
export function stateRoot(): string {
  try {
    const { bavail, bsize } = statfsSync(IN_MEMORY);
    return bavail * bsize >= ROOM_BYTES ? IN_MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}
