import { z } from "zod";
import type { TenantSettings } from "./tenants.ts";

export const ScanProvider = z.enum(["clamav", "virustotal", "both"]);
export type ScanProvider = z.infer<typeof ScanProvider>;

/** What is done about a file that is more than it shows: nothing is looked for, it is told of, it is kept back. */
export const ActiveContentPolicy = z.enum(["allow", "flag", "refuse"]);
export type ActiveContentPolicy = z.infer<typeof ActiveContentPolicy>;

/**
 * What a tenant's settings say to the processor. It is asked for when a job starts, and not written into the job: a message
 * may wait for days. Where an answer tells none, it is that of a tenant with no settings.
 */
export const Wishes = z.object({
  /** null: as the processor does for all. */
  virusScanProvider: ScanProvider.nullable().default(null),
  /** Whether VirusTotal may be sent the bytes of what it doesn't know; it shows them to others. */
  virusTotalUploads: z.boolean().default(false),
  activeContent: ActiveContentPolicy.default("flag"),
  /** Whether optimised images are wanted as AVIF. */
  avifDerivatives: z.boolean().default(false),
  /** Whether a photo's place is told in its properties. */
  keepPlaces: z.boolean().default(false),
});
export type Wishes = Readonly<z.infer<typeof Wishes>>;

export const NO_WISHES: Wishes = Wishes.parse({});

/** What a tenant's settings say to the processor. */
export function wishesOf({
  virusScanProvider,
  virusTotalUploads,
  activeContent,
  avifDerivatives,
  keepPlaces,
}: TenantSettings): Wishes {
  return Wishes.parse({
    virusScanProvider,
    virusTotalUploads,
    activeContent,
    avifDerivatives,
    keepPlaces,
  });
}
