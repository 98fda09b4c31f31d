import { extensionOf } from "#contract/endings.ts";
import type { IconName } from "./icons.ts";

/** What files are called by people. */
interface Kind {
  readonly name: string;
  readonly icon: IconName;
}

const FAMILIES: Readonly<Record<string, Kind>> = {
  image: { name: "image", icon: "image" },
  video: { name: "video", icon: "video" },
  audio: { name: "audio", icon: "audio" },
};

const KINDS: readonly (readonly [RegExp, Kind])[] = [
  [/\/pdf$/, { name: "document", icon: "document" }],
  [/spreadsheet|excel|csv|tab-separated/, { name: "spreadsheet", icon: "table" }],
  [/presentation|powerpoint/, { name: "presentation", icon: "document" }],
  [/zip|tar$|7z/, { name: "archive", icon: "archive" }],
  [/word|opendocument\.text|rtf/, { name: "document", icon: "document" }],
  [/^text\/|json|xml|rfc822|outlook/, { name: "file", icon: "document" }],
];

const OTHER: Kind = { name: "file", icon: "file" };

function kindOf(mimeType: string): Kind {
  const family = FAMILIES[mimeType.split("/", 1)[0] ?? ""];
  return family ?? KINDS.find(([pattern]) => pattern.test(mimeType))?.[1] ?? OTHER;
}

export function iconOf(mimeType: string): IconName {
  return kindOf(mimeType).icon;
}

const MAX_ENDING_LENGTH = 8;

/** "PDF document", "JPG image": what a file is, by its ending and its type. */
export function describeType(filename: string, mimeType: string): string {
  const ending = extensionOf(filename);
  const { name } = kindOf(mimeType);
  const isShown = /^[a-z0-9]+$/.test(ending) && ending.length <= MAX_ENDING_LENGTH;
  return isShown ? `${ending.toUpperCase()} ${name}` : `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

const UNITS = ["bytes", "KB", "MB", "GB"] as const;

/** A size as file managers show it: steps of 1024, three figures at most. */
export function formatBytes(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  if (unit === 0) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  return `${value.toLocaleString("en", { maximumFractionDigits: value >= 100 ? 0 : 1 })} ${UNITS[unit]}`;
}

const MOMENT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });

/** "3 Mar 2027, 14:30 UTC": the page has no script that could know the reader's own time. */
export function formatMoment(iso: string): string {
  return `${MOMENT.format(new Date(iso))} UTC`;
}

/** A name in two, so that its ending stands at the end whichever way the rest is read. */
export function splitEnding(filename: string): readonly [stem: string, ending: string] {
  const { length } = extensionOf(filename);
  const dot = filename.length - length - 1;
  return length === 0 ? [filename, ""] : [filename.slice(0, dot), filename.slice(dot)];
}
