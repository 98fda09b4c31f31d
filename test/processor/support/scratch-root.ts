import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, vi } from "vitest";

/**
 * Has every test's scratch directories in one place, in which nothing may be left. Hooks after a test run in reverse: what
 * is left is counted when everything that was begun later has stopped.
 */
export function useScratchRoot(): void {
  let scratchRoot: string;

  beforeEach(async () => {
    scratchRoot = await mkdtemp(join(tmpdir(), "causeway-scratch-"));
    // As root, tools are somebody else.
    await chmod(scratchRoot, 0o755);
    vi.stubEnv("TMPDIR", scratchRoot);
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    const left = await readdir(scratchRoot);
    await rm(scratchRoot, { recursive: true });
    expect(left, "scratch directories left behind").toEqual([]);
  });
}
