import { html } from "hono/html";

/** Outlines from Lucide (ISC licence), 24-unit grid, drawn with a stroke of 1.5 at 20 px. */
const CIRCLE = "M22 12a10 10 0 1 1-20 0 10 10 0 0 1 20 0z";
const FRAME = "M5 3h14a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z";
const SHEET = "M15 2H6a2 2 0 0 0-2 2v16a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2V7ZM14 2v4a2 2 0 0 0 2 2h4";

const OUTLINES = {
  document: `${SHEET}M16 13H8M16 17H8M10 9H8`,
  table: `${SHEET}M8 13h2M14 13h2M8 17h2M14 17h2`,
  image: `${FRAME}M11 9a2 2 0 1 1-4 0 2 2 0 0 1 4 0zm10 6-3.086-3.086a2 2 0 0 0-2.828 0L6 21`,
  video: `${FRAME}M7 3v18M17 3v18M3 12h18M3 7.5h4M3 16.5h4M17 7.5h4M17 16.5h4`,
  audio: "M9 18V5l12-2v13M9 18a3 3 0 1 1-6 0 3 3 0 0 1 6 0zM21 16a3 3 0 1 1-6 0 3 3 0 0 1 6 0z",
  archive: "M3 3h18v5H3zM5 8v11a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8M10 12h4",
  file: SHEET,
  lock: "M5 11h14a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2zM7 11V7a5 5 0 0 1 10 0v4",
  clock: `${CIRCLE}M12 6.5V12l3.5 2`,
  blocked: `${CIRCLE}M5 5l14 14`,
  warning: "m21.73 18-8-14a2 2 0 0 0-3.48 0l-8 14A2 2 0 0 0 4 21h16a2 2 0 0 0 1.73-3M12 9v4M12 17h.01",
  download: "M12 15V3m-5 7 5 5 5-5M21 15v4a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-4",
} as const satisfies Record<string, string>;

export type IconName = keyof typeof OUTLINES;

/** A decorative icon: the words beside it say what it means. */
export function icon(name: IconName) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="${OUTLINES[name]}" /></svg>`;
}
