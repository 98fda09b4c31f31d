import { basename } from "node:path";
import type { PageJob } from "#contract/jobs.ts";
import { CRASHED_SENTENCE, type DeathGuard } from "../death-guard.ts";
import { ProcessorFailure } from "../failure.ts";
import type { Lanes } from "../lanes.ts";
import type { ObjectStore } from "../object-store.ts";
import { nameBytes } from "../queue.ts";
import type { Reporter } from "../report.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import { withScratchCopy } from "../scratch-copy.ts";
import { withinDeriveTime } from "./deadline.ts";
import { drawPage } from "./documents/page-image.ts";
import { MAX_PDF_BYTES } from "./pdf.ts";
import { NO_TOOL, NOT_ISOLATED } from "./products.ts";
import type { Publisher } from "./publisher.ts";
import type { Tools } from "./tools.ts";

export interface PageImagesParts {
  readonly store: ObjectStore;
  readonly reporter: Reporter;
  readonly lanes: Lanes;
  readonly deaths: DeathGuard;
  readonly tools: Tools;
  readonly sandbox: Pick<Sandbox, "run" | "mayRun" | "patience" | "room">;
  readonly publisher: Publisher;
}

/** Draws pages that somebody asked for. */
export class PageImages {
  readonly #parts: PageImagesParts;

  constructor(parts: PageImagesParts) {
    this.#parts = parts;
  }

  /**
   * Draws, stores and reports one page of what is clean now. `obsolete` where it isn't, or is gone. Throws a
   * ProcessorFailure where trying again can help, as `Derivatives.derive`.
   */
  async draw(job: PageJob, signal: AbortSignal): Promise<"clean" | "obsolete"> {
    const { tenantId, fileId, version, etag, sizeBytes, name } = job;
    const start = { kind: "start", tenantId, fileId, version, etag, sizeBytes, page: name } as const;
    const standing = await this.#parts.reporter.ask(start, signal);
    if (standing?.state !== "clean") return "obsolete";
    if (standing.hasPage === true) return "clean";
    const reason = this.#refusalOf(job);
    if (reason !== undefined) {
      await this.#parts.publisher.reportMissing(job, { result: "failed", name, reason }, signal);
    } else {
      const work = () => withinDeriveTime(signal, (deadline) => this.#make(job, deadline));
      const guarded = () => this.#parts.deaths.run(nameBytes(job), "document", work, signal);
      await this.#parts.lanes.document.run(guarded, signal, tenantId);
    }
    this.#parts.deaths.forget(nameBytes(job));
    return "clean";
  }

  #refusalOf(job: PageJob): string | undefined {
    const { previewKey, sizeBytes } = job;
    if (this.#parts.deaths.isGivenUp(nameBytes(job))) return CRASHED_SENTENCE;
    if (previewKey === undefined && sizeBytes > MAX_PDF_BYTES) return "The file is too large for this.";
    if (!this.#parts.sandbox.mayRun) return NOT_ISOLATED;
    const state = this.#parts.tools.stateOf("poppler");
    if (state === "installing") throw new ProcessorFailure("TOOL_INSTALLING");
    return state === "missing" ? NO_TOOL : undefined;
  }

  async #make(job: PageJob, signal: AbortSignal): Promise<void> {
    const { sandbox, publisher } = this.#parts;
    const { previewKey, objectKey, etag, name } = job;
    const source = previewKey === undefined ? { objectKey, etag } : { objectKey: previewKey };
    await withScratchCopy(this.#parts, source, signal, async ({ scratch, path }) => {
      const drawn = await drawPage({ sandbox, scratch, signal }, basename(path), name);
      if (drawn.result === "made") await publisher.publish(job, drawn, signal);
      else await publisher.reportMissing(job, drawn, signal);
    });
  }
}
