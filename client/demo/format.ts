const UNITS = ["bytes", "KB", "MB", "GB"] as const;

/** A size as file managers show it: steps of 1024, three figures at most. */
export function formatBytes(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toLocaleString("en", { maximumFractionDigits: digits })} ${UNITS[unit]}`;
}

/** "12.4 of 34 MB": what of what. */
export function formatPortion(bytes: number, totalBytes: number): string {
  const [part, total] = [formatBytes(bytes), formatBytes(totalBytes)];
  const [value = "", unit] = part.split(" ");
  return total.endsWith(` ${unit}`) ? `${value} of ${total}` : `${part} of ${total}`;
}

/** Time left, as coarse as it is known. */
export function formatTimeLeft(seconds: number): string {
  if (seconds < 5) return "a few seconds left";
  if (seconds < 55) return `${Math.ceil(seconds / 5) * 5} s left`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min left`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
}

export function formatDay(iso: string, nowMs: number): string {
  const date = new Date(iso);
  const now = new Date(nowMs);
  if (date.toDateString() === now.toDateString()) {
    return `today, ${date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}`;
  }
  const year = date.getFullYear() === now.getFullYear() ? {} : { year: "numeric" as const };
  return date.toLocaleDateString("en-GB", { day: "numeric", month: "short", ...year });
}

export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Keeps a figure and its unit on one line. */
export function unbroken(text: string): string {
  return text.replaceAll(" ", "\u00a0");
}

const TAIL_LENGTH = 6;

/** A name in two: the head may be cut with an ellipsis, the tail (the end of the stem and its ending) always shows. */
export function splitName(filename: string): readonly [head: string, tail: string] {
  const letters = Array.from(filename);
  const dot = letters.lastIndexOf(".");
  const endingLength = dot > 0 && letters.length - dot <= 8 ? letters.length - dot : 0;
  const cut = Math.max(0, letters.length - endingLength - TAIL_LENGTH);
  return [letters.slice(0, cut).join(""), letters.slice(cut).join("")];
}
