import { OUTLINES } from "../react/icons/outlines.ts";

export type IconName = keyof typeof OUTLINES;

const SVG = "http://www.w3.org/2000/svg";

/** A decorative icon: the words beside it, or the button's label, say what it means. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  for (const outline of OUTLINES[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", outline);
    svg.append(path);
  }
  return svg;
}

/** The icon of a media type. */
export function iconOfType(mimeType: string): IconName {
  const [family = ""] = mimeType.split("/");
  if (family === "image" || family === "video" || family === "audio") return family;
  if (/zip|tar|7z|compressed/.test(mimeType)) return "archive";
  if (/sheet|excel|csv|tab-separated/.test(mimeType)) return "table";
  return /pdf|text|word|document|rtf|presentation|powerpoint|json|xml/.test(mimeType) ? "document" : "file";
}
