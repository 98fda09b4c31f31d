import { z } from "zod";
import { Properties } from "#contract/properties.ts";
import { DERIVED_IMAGES } from "./images/task.ts";

/** Why something could not be made; images.ts has the sentences. */
const Fault = z.enum(["damaged", "cut", "too-large"]);
export type ImageFault = z.infer<typeof Fault>;

const Pixels = z.int().min(1);

/**
 * The lines that the child prints, one for each thing as it ends. They come from a process that read a hostile file, so
 * they are parsed like anything from outside.
 */
export const ImageLine = z.discriminatedUnion("line", [
  z.object({ line: z.literal("properties"), properties: Properties }),
  z.object({ line: z.literal("made"), name: z.enum(DERIVED_IMAGES), width: Pixels, height: Pixels }),
  z.object({ line: z.literal("failed"), name: z.enum(DERIVED_IMAGES), fault: Fault }),
  /** It moves, and `optimized` can be made to move too. */
  z.object({ line: z.literal("moves") }),
  /** sharp can't decode it, and another program may. */
  z.object({
    line: z.literal("undecoded"),
    hasAlpha: z.boolean(),
    isHevc: z.boolean(),
    primary: z.int().min(0),
  }),
]);
export type ImageLine = z.infer<typeof ImageLine>;
