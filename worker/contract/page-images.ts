import { z } from "zod";
import type { DerivableKind, DerivativeForm } from "./derivatives.ts";

/**
 * Pages of a document as images, each made when it is first asked for and kept from then on. They are variants by names
 * of their own, `page-3-1200` for one: so they are asked for, signed and audited as every other.
 */

/** In pixels: of a page in a row of pages, and of one that is read. */
export const PAGE_WIDTHS = [400, 1200] as const;
/** Later pages have no images: whoever wants those wants the document. */
export const MAX_PAGE_IMAGES = 500;

export type PageImageName = `page-${number}-${(typeof PAGE_WIDTHS)[number]}`;
export const PageImageName = z
  .string()
  .regex(/^page-[1-9]\d{0,3}-(?:400|1200)$/)
  // Zod's own template literals take signs and leading zeros.
  .transform((name) => name as PageImageName);

export const PAGE_IMAGE_FORM: DerivativeForm = {
  ...{ mimeType: "image/webp", extension: "webp" },
  maxBytes: 4 * 1024 * 1024,
};

/** Kinds of files whose pages can be drawn: of an Office document, those of its preview. */
export const KINDS_WITH_PAGES: ReadonlySet<DerivableKind> = new Set(["pdf", "office"]);

export interface PageImage {
  /** From 1. */
  readonly page: number;
  readonly widthPixels: number;
}

export function parsePageImage(name: PageImageName): PageImage {
  const [, page, width] = name.split("-");
  return { page: Number(page), widthPixels: Number(width) };
}

export function isPageImage(name: string): name is PageImageName {
  return PageImageName.safeParse(name).success;
}
