/** What the child is asked for, as its arguments say it. Without a library: the child starts for every image. */

export const DERIVED_IMAGES = ["thumbnail", "optimized"] as const;
export type DerivedImage = (typeof DERIVED_IMAGES)[number];
export const DERIVED_EXTENSION = "webp";

export interface ImageTask {
  /** The file to be read, in the scratch directory. */
  readonly file: string;
  /** `all`: what is wanted, an animation as its first frame; `animation`: the optimised one alone, moving. */
  readonly make: "all" | "animation";
  readonly wanted: readonly DerivedImage[];
  /** Whether it is upright already, whatever its EXIF says. */
  readonly isUpright: boolean;
}

export function formatTask({ file, make, wanted, isUpright }: ImageTask): readonly string[] {
  return [file, make, wanted.join(","), isUpright ? "upright" : "as-stored"];
}

/** @param args by `formatTask`: they come from the processor, so they are what they should be */
export function parseTask([file = "", make, wanted = "", stands]: readonly string[]): ImageTask {
  return {
    file,
    make: make === "animation" ? make : "all",
    wanted: DERIVED_IMAGES.filter((name) => wanted.split(",").includes(name)),
    isUpright: stands === "upright",
  };
}
