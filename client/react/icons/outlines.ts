/**
 * Outlines from Lucide (ISC licence), 24-unit grid, drawn at 20 px with a stroke of 1.5. Each begins where it says by itself
 * (M, not m): an icon is one path of all of them, which long lists are drawn the faster for.
 */
const CIRCLE = "M22 12a10 10 0 1 1-20 0 10 10 0 0 1 20 0z";
const FRAME = "M5 3h14a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z";
const SHEET = "M15 2H6a2 2 0 0 0-2 2v16a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2V7Z";
const SHEET_FOLD = "M14 2v4a2 2 0 0 0 2 2h4";
const TRAY = "M21 15v4a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-4";
const SHIELD =
  "M20 13c0 5-3.5 7.5-7.66 8.95a1 1 0 0 1-.67-.01C7.5 20.5 4 18 4 13V6a1 1 0 0 1 1-1c2 0 4.5-1.2 " +
  "6.24-2.72a1.17 1.17 0 0 1 1.52 0C14.51 3.81 17 5 19 5a1 1 0 0 1 1 1z";

export const OUTLINES = {
  upload: ["M12 3v12", "M17 8l-5-5-5 5", TRAY],
  download: ["M12 15V3", "M7 10l5 5 5-5", TRAY],
  eye: [
    "M2.06 12.35a1 1 0 0 1 0-.7 10.75 10.75 0 0 1 19.88 0 1 1 0 0 1 0 .7 10.75 10.75 0 0 1-19.88 0",
    "M15 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0z",
  ],
  pause: ["M8 5v14", "M16 5v14"],
  play: ["M7 4.5v15L19.5 12z"],
  close: ["M18 6 6 18", "M6 6l12 12"],
  retry: ["M21 12a9 9 0 1 1-9-9c2.52 0 4.93 1 6.74 2.74L21 8", "M21 3v5h-5"],
  trash: [
    "M3 6h18",
    "M19 6v14a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V6",
    "M8 6V4a2 2 0 0 1 2-2h4a2 2 0 0 1 2 2v2",
    "M10 11v6",
    "M14 11v6",
  ],
  ready: [CIRCLE, "M8.5 12.2l2.4 2.4 4.6-4.8"],
  clock: [CIRCLE, "M12 6.5V12l3.5 2"],
  blocked: [CIRCLE, "M5 5l14 14"],
  warning: [
    "M21.73 18l-8-14a2 2 0 0 0-3.48 0l-8 14A2 2 0 0 0 4 21h16a2 2 0 0 0 1.73-3",
    "M12 9v4",
    "M12 17h.01",
  ],
  shield: [SHIELD],
  offline: [
    "M12 20h.01",
    "M8.5 16.429a5 5 0 0 1 7 0",
    "M5 12.859a10 10 0 0 1 5.17-2.69",
    "M19 12.859a10 10 0 0 0-2.007-1.523",
    "M2 8.82a15 15 0 0 1 4.177-2.643",
    "M22 8.82a15 15 0 0 0-11.288-3.764",
    "M2 2l20 20",
  ],
  file: [SHEET, SHEET_FOLD],
  document: [SHEET, SHEET_FOLD, "M16 13H8", "M16 17H8", "M10 9H8"],
  table: [SHEET, SHEET_FOLD, "M8 13h2", "M14 13h2", "M8 17h2", "M14 17h2"],
  image: [FRAME, "M11 9a2 2 0 1 1-4 0 2 2 0 0 1 4 0z", "M21 15l-3.086-3.086a2 2 0 0 0-2.828 0L6 21"],
  video: [FRAME, "M7 3v18", "M17 3v18", "M3 12h18", "M3 7.5h4", "M3 16.5h4", "M17 7.5h4", "M17 16.5h4"],
  audio: ["M9 18V5l12-2v13", "M9 18a3 3 0 1 1-6 0 3 3 0 0 1 6 0z", "M21 16a3 3 0 1 1-6 0 3 3 0 0 1 6 0z"],
  folder: [
    "M20 20a2 2 0 0 0 2-2V8a2 2 0 0 0-2-2h-7.9a2 2 0 0 1-1.69-.9L9.6 3.9A2 2 0 0 0 7.93 3H4a2 2 0 0 0-2 2v13a2 2 0 0 0 2 2Z",
  ],
  archive: ["M3 3h18v5H3z", "M5 8v11a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8", "M10 12h4"],
} as const satisfies Record<string, readonly string[]>;

/** Paths of an icon that isn't among these: those of components that few load come with them. */
export type Outline = readonly string[];
export type IconName = keyof typeof OUTLINES | Outline;

/** The icon of a media type. */
export function iconOfType(mimeType: string): IconName {
  const [family = ""] = mimeType.split("/");
  if (family === "image" || family === "video" || family === "audio") return family;
  if (/zip|tar|7z|compressed/.test(mimeType)) return "archive";
  if (/sheet|excel|csv|tab-separated/.test(mimeType)) return "table";
  return /pdf|text|word|document|rtf|presentation|powerpoint|json|xml/.test(mimeType) ? "document" : "file";
}
