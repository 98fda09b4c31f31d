import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** Where a local stack is, and what its processor has in its environment of the primary and of targets. */
const LocalSettings = z.object({ url: z.string(), env: z.record(z.string(), z.string()) });
export type LocalSettings = Readonly<z.infer<typeof LocalSettings>>;

const fileOf = (stateDirectory: string): string => join(stateDirectory, "replicas", "settings.json");

/** For `npm run replicas`, which has no other way to know a local stack's ports. */
export function keepLocalSettings(stateDirectory: string, settings: LocalSettings): void {
  mkdirSync(join(stateDirectory, "replicas"), { recursive: true });
  writeFileSync(fileOf(stateDirectory), JSON.stringify(settings), { mode: 0o600 });
}

/** Undefined where no stack with replicas has run on that state. */
export function readLocalSettings(stateDirectory: string): LocalSettings | undefined {
  try {
    return LocalSettings.parse(JSON.parse(readFileSync(fileOf(stateDirectory), "utf8")));
  } catch {
    return undefined;
  }
}
