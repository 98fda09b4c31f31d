import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ToolStatus } from "../../processor/derive/tool-status.ts";
import type { PreviewProgram } from "../preview-programs.mjs";
import { canInstall, installSentence, missingPreviewPrograms } from "../preview-programs.mjs";
import { installPackages } from "./apt.ts";

/** What previews are made with, and isn't there yet when a stack starts. */
export interface PreviewTools {
  /** Tells the processor how far it is. */
  readonly statusFile: string;
  /** For whoever started the stack: a sentence about what is missing; undefined if nothing is. */
  readonly notice: string | undefined;
  /** Installs what is missing, if that is possible here. Never throws: what fails is told, and tried at the next start. */
  install(): Promise<void>;
  stop(): void;
}

export interface PreviewToolsOptions {
  readonly stateDirectory: string;
  readonly onLog: (text: string) => void;
  /** Of tests: others than this system's. */
  readonly system?: PreviewSystem;
}

export interface PreviewSystem {
  canInstall(): boolean;
  missing(): readonly PreviewProgram[];
  installPackages(packages: readonly string[], signal: AbortSignal): Promise<void>;
}

/** Looks what is missing. From now on the processor is told that it is being installed, where it can be. */
export function preparePreviewTools({ stateDirectory, onLog, system }: PreviewToolsOptions): PreviewTools {
  mkdirSync(stateDirectory, { recursive: true });
  const { canInstall: can, missing, installPackages: run } = system ?? realSystem(stateDirectory);
  const statusFile = join(stateDirectory, "tool-status.json");
  const stopping = new AbortController();
  const toInstall = can() ? missing() : [];
  const byHand = can() ? [] : missing();
  const advice = byHand.length > 0 ? "Install it where files are processed." : "";
  writeStatus(statusFile, { installing: toInstall.map(({ tool }) => tool), advice });

  async function installAll(): Promise<void> {
    let failed = "";
    for (const [index, { tool, debian }] of toInstall.entries()) {
      if (stopping.signal.aborted) return;
      onLog(`installing ${tool}: ${debian}`);
      try {
        await run(debian.split(" "), stopping.signal);
        onLog(`${tool} is installed`);
      } catch (error) {
        if (stopping.signal.aborted) return;
        failed = "Installing it failed; that is tried again at the next start.";
        onLog(`${tool} isn't installed: ${error instanceof Error ? error.message : String(error)}`);
      }
      const left = toInstall.slice(index + 1).map((each) => each.tool);
      writeStatus(statusFile, { installing: left, advice: failed });
    }
  }

  return {
    statusFile,
    notice: noticeOf(toInstall, byHand),
    install: () => installAll().catch((error: unknown) => onLog(String(error))),
    stop: () => stopping.abort(),
  };
}

function realSystem(stateDirectory: string): PreviewSystem {
  const logFile = join(stateDirectory, "tools.log");
  return {
    canInstall,
    missing: missingPreviewPrograms,
    installPackages: (packages, signal) => installPackages(packages, { logFile, signal }),
  };
}

function noticeOf(
  toInstall: readonly PreviewProgram[],
  byHand: readonly PreviewProgram[],
): string | undefined {
  if (byHand.length > 0) return `Some previews can't be made. ${installSentence(byHand)}`;
  if (toInstall.length === 0) return undefined;
  const names = toInstall.map(({ program }) => program).join(", ");
  return `Installing what previews are made with, in the background: ${names}.`;
}

/** Renamed into place: who reads it finds all of it. */
function writeStatus(path: string, status: ToolStatus): void {
  writeFileSync(`${path}.new`, JSON.stringify(status));
  renameSync(`${path}.new`, path);
}
