import { z } from "zod";

/** File names inside of a scratch directory: what the child reads, and what it writes. */
export const ORIGINAL_FILE = "original";
export const DERIVED_IMAGES = ["thumbnail", "optimized"] as const;
export const DERIVED_EXTENSION = "webp";

const Pixels = z.int().min(1);

/**
 * The one line that the child prints. It comes from a process that read a hostile file, so it is parsed like anything
 * from outside.
 */
export const ImageOutput = z.object({
  properties: z.object({
    width: Pixels,
    height: Pixels,
    format: z.string().max(20),
    frames: z.int().min(1),
  }),
  derivatives: z
    .array(z.object({ name: z.enum(DERIVED_IMAGES), width: Pixels, height: Pixels }))
    .length(DERIVED_IMAGES.length),
});
export type ImageOutput = z.infer<typeof ImageOutput>;
