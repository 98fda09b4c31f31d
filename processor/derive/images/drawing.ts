/** Runs the child that draws (image-child.ts), and takes what it says for what it is: the word of a process that read a hostile file. */
import type { Properties } from "#contract/properties.ts";
import { childScript } from "../../sandbox/child-script.ts";
import type { Sandbox, SandboxLimits, SandboxResult } from "../../sandbox/sandbox.ts";
import { type ImageFault, ImageLine } from "../image-protocol.ts";
import { type DerivedImage, formatTask, type ImageTask } from "./task.ts";

const CHILD = new URL("../image-child.ts", import.meta.url).href;

/** Starts the child; without a task it waits for one. */
export function childCommand(scratch: string, task?: ImageTask): readonly string[] {
  return [process.execPath, childScript(CHILD), scratch, ...(task === undefined ? [] : formatTask(task))];
}

/** A file that is worked on, in its scratch directory. */
export interface ImageWork {
  readonly sandbox: Pick<Sandbox, "run">;
  readonly limits: SandboxLimits;
  readonly scratch: string;
  readonly signal: AbortSignal;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Undecoded {
  readonly hasAlpha: boolean;
  /** Which sharp never decodes: of others it should. */
  readonly isHevc: boolean;
  /** Which of its pictures is shown, from 0. */
  readonly primary: number;
}

/** What a run of the child came to. */
export interface Drawn {
  readonly properties: Properties | undefined;
  readonly made: ReadonlyMap<DerivedImage, Size>;
  readonly moves: boolean;
  /** Set if sharp couldn't decode it and another program may. */
  readonly undecoded: Undecoded | undefined;
  /** Why a derivative isn't there: a sentence for people. */
  reasonOf(name: DerivedImage): string;
}

const SENTENCES: Readonly<Record<ImageFault, string>> = {
  damaged: "The image could not be read: it may be damaged.",
  cut: "The image ends early: there is too little of it to show.",
  "too-large": "The image has too many pixels to be drawn here.",
};
const SLOW = "Drawing the image took too long.";
const BROKEN_OFF = "The image could not be read: it may be damaged or too large.";

/** Runs the child on one task. Throws what `Sandbox.run` throws. */
export async function drawImage(work: ImageWork, task: ImageTask): Promise<Drawn> {
  const { sandbox, limits, scratch, signal } = work;
  return readDrawn(await sandbox.run(childCommand(scratch, task), scratch, limits, signal));
}

/** What a run of the child says. */
export function readDrawn(result: SandboxResult): Drawn {
  const lines = result.ok ? parseLines(result.stdout) : [];
  const failures = lines.flatMap((each) =>
    each.line === "failed" ? [[each.name, each.fault] as const] : [],
  );
  const faults = new Map(failures);
  return {
    properties: lines.find((each) => each.line === "properties")?.properties,
    made: new Map(lines.flatMap((each) => (each.line === "made" ? [[each.name, each] as const] : []))),
    moves: lines.some((each) => each.line === "moves"),
    undecoded: lines.find((each) => each.line === "undecoded"),
    reasonOf: (name) => reasonOf(result, faults.get(name)),
  };
}

function reasonOf(result: SandboxResult, fault: ImageFault | undefined): string {
  if (fault !== undefined) return SENTENCES[fault];
  return !result.ok && result.reason === "deadline" ? SLOW : BROKEN_OFF;
}

/** As far as they are what they should be. */
function parseLines(output: string): readonly ImageLine[] {
  return output.split("\n").flatMap((line) => {
    try {
      return [ImageLine.parse(JSON.parse(line))];
    } catch {
      return [];
    }
  });
}
