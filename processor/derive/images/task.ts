/** What the child is asked for, as its arguments say it. Without a library: the child starts for every image. */

/** In the order in which they are told of: what can wait until the AVIF is there is the larger one of the others. */
export const DERIVED_IMAGES = ["thumbnail", "optimized-avif", "optimized"] as const;
export type DerivedImage = (typeof DERIVED_IMAGES)[number];
/** The picture as small as its derivatives, without loss: what the AVIF is made of, in a run of its own. */
export const BASE_FILE = "base.png";

/** What a derivative is left as, in the scratch directory. */
export function fileOf(name: DerivedImage): string {
  return name === "optimized-avif" ? `${name}.avif` : `${name}.webp`;
}
/** What the optimised image is left as where it moves. */
export const MOVING_FILE = "moving.webp";

const MAKES = ["all", "animation", "avif"] as const;

export interface ImageTask {
  /** The file to be read, in the scratch directory. */
  readonly file: string;
  /**
   * `all`: what is wanted, an animation as its first frame, and of an AVIF what it is made of; `animation`: the optimised
   * one alone, moving; `avif`: that alone.
   */
  readonly make: (typeof MAKES)[number];
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
    make: MAKES.find((known) => known === make) ?? "all",
    wanted: DERIVED_IMAGES.filter((name) => wanted.split(",").includes(name)),
    isUpright: stands === "upright",
  };
}
