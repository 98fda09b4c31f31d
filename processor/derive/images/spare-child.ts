/**
 * An image child that is started before anybody needs it, in a sandbox as any, and waits for its one task: a picture doesn't
 * wait for Node, sharp and the sandbox to start, which takes a fifth of the time that a photo does. It is used once, so nothing
 * passes from file to file. There is one at most, from a picture's end on, and it is ended when no other comes for a while.
 *
 * Its scratch directory is made with it, and in that an empty file, which the sandbox binds; a picture's bytes are
 * written into that very file when there is one.
 */
import { copyFile, mkdtemp, rename, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PreparedTool, Sandbox, SandboxLimits, SandboxResult } from "../../sandbox/sandbox.ts";
import { removeScratch } from "../../sandbox/scratch.ts";
import { SCRATCH_PREFIX } from "../../scratch-copy.ts";
import { childCommand, type Drawn, drawImage, type ImageWork, readDrawn } from "./drawing.ts";
import { BASE_FILE, DERIVED_IMAGES, fileOf, formatTask, type ImageTask } from "./task.ts";

/** What an idle one has resident: Node and sharp. */
export const SPARE_BYTES = 80 * 2 ** 20;
const IDLE_MS = 600_000;
/** What is larger takes long in any case, and its copy room. */
const MAX_COPIED_BYTES = 16 * 2 ** 20;
const INPUT = "picture";

interface Spare {
  readonly scratch: string;
  readonly tool: PreparedTool;
  readonly timer: NodeJS.Timeout;
}

export class SpareChild {
  readonly #sandbox: Pick<Sandbox, "prepare">;
  readonly #limits: SandboxLimits;
  #spare: Promise<Spare | undefined> | undefined;
  #isEnded = false;

  constructor(sandbox: Pick<Sandbox, "prepare">, limits: SandboxLimits) {
    this.#sandbox = sandbox;
    this.#limits = limits;
  }

  /**
   * Draws by the child that waits, or by one of its own where none does. Throws what `Sandbox.run` throws.
   * @param task about a file that no tool can have changed: it is read here
   */
  async draw(work: ImageWork, task: ImageTask): Promise<Drawn> {
    try {
      const { size } = await stat(join(work.scratch, task.file));
      const spare = size > MAX_COPIED_BYTES ? undefined : await this.#take();
      return spare === undefined ? await drawImage(work, task) : readDrawn(await use(spare, work, task));
    } finally {
      this.#spare ??= this.#isEnded ? undefined : this.#prepare();
    }
  }

  /** Ends the one that waits; there is none from then on. */
  async end(): Promise<void> {
    this.#isEnded = true;
    await this.#discard();
  }

  async #take(): Promise<Spare | undefined> {
    const spare = await this.#release();
    if (spare === undefined || !spare.tool.isOver()) return spare;
    await removeScratch(spare.scratch);
    return undefined;
  }

  /** It is nobody else's from then on. */
  async #release(): Promise<Spare | undefined> {
    const taken = this.#spare;
    this.#spare = undefined;
    const spare = await taken;
    clearTimeout(spare?.timer);
    return spare;
  }

  async #discard(): Promise<void> {
    const spare = await this.#release();
    if (spare === undefined) return;
    await spare.tool.end();
    await removeScratch(spare.scratch);
  }

  /** Without one, pictures are drawn all the same: it never throws. */
  async #prepare(): Promise<Spare | undefined> {
    const scratch = await mkdtemp(join(tmpdir(), SCRATCH_PREFIX)).catch(() => undefined);
    if (scratch === undefined) return undefined;
    try {
      await writeFile(join(scratch, INPUT), "");
      const tool = await this.#sandbox.prepare(childCommand(scratch), scratch, this.#limits);
      const timer = setTimeout(() => void this.#discard(), IDLE_MS).unref();
      if (tool !== undefined) return { scratch, tool, timer };
    } catch {
      // No room, or no more processes.
    }
    await removeScratch(scratch);
    return undefined;
  }
}

async function use({ scratch, tool }: Spare, work: ImageWork, task: ImageTask): Promise<SandboxResult> {
  try {
    await copyFile(join(work.scratch, task.file), join(scratch, INPUT));
    const line = JSON.stringify(formatTask({ ...task, file: INPUT }));
    const result = await tool.run(line, work.scratch, work.signal);
    // Moved as they are, whatever they are: whoever reads them asks.
    for (const name of [...DERIVED_IMAGES.map((image) => fileOf(image)), BASE_FILE]) {
      await rename(join(scratch, name), join(work.scratch, name)).catch(() => undefined);
    }
    return result;
  } finally {
    await tool.end();
    await removeScratch(scratch);
  }
}
