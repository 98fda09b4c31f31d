import { z } from "zod";

/** Most that a file may have. */
export const MAX_TAGS = 50;
const MAX_TAG_LENGTH = 128;

/** One as a list is asked for it. */
export const Tag = z.string().min(1).max(MAX_TAG_LENGTH);

/** Those that a file is given. At creation commas separate them, so none has one. */
export const Tags = z
  .array(
    z
      .string()
      .trim()
      .min(1)
      .max(MAX_TAG_LENGTH)
      .regex(/^[^,]*$/, "has a comma"),
  )
  .max(MAX_TAGS);
