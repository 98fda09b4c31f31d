import { z } from "zod";

/** What a probe has to try itself on. */
export const ProbeTargets = z.object({
  secretPath: z.string(),
  outsidePath: z.string(),
  /** Of a server on the loopback interface. */
  port: z.int(),
  /** A process whose environment has a secret in it. */
  victimPid: z.int(),
});
export type ProbeTargets = z.infer<typeof ProbeTargets>;

export const ProbeFindings = z.object({ userId: z.int(), read: z.array(z.string()) });
