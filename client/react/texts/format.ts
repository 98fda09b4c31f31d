const UNITS = ["bytes", "KB", "MB", "GB", "TB"] as const;
const TAIL_LENGTH = 6;
const LONGEST_ENDING = 8;

/** Figures as one language writes them. */
export interface Format {
  /** A size as file managers show it: steps of 1024, three figures at most. */
  bytes(bytes: number): string;
  number(value: number): string;
  /** @param portion 0 to 1 */
  percent(portion: number): string;
  /** "12 Nov", with the year where it is another than this one's. */
  day(date: Date, nowMs: number): string;
  time(date: Date): string;
  /** Which of the language's forms a count takes. */
  plural(count: number): Intl.LDMLPluralRule;
}

/** @param locale of Intl, e.g. "en-GB": the language's way with figures and dates */
export function createFormat(locale: string, units: readonly string[] = UNITS): Format {
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const tenths = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const percents = new Intl.NumberFormat(locale, { style: "percent" });
  const plurals = new Intl.PluralRules(locale);
  // Made once: a row of a list is drawn in the time that making one takes.
  const dayOfYear = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
  const wholeDay = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric" });
  const times = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
  return {
    bytes(bytes) {
      let [value, unit] = [bytes, 0];
      while (value >= 1000 && unit < units.length - 1) {
        value /= 1024;
        unit += 1;
      }
      const format = unit === 0 || value >= 100 ? whole : tenths;
      return `${format.format(value)}\u00a0${units[unit]}`;
    },
    number: (value) => whole.format(value),
    percent: (portion) => percents.format(Math.floor(portion * 100) / 100),
    day(date, nowMs) {
      const isThisYear = date.getFullYear() === new Date(nowMs).getFullYear();
      return (isThisYear ? dayOfYear : wholeDay).format(date);
    },
    time: (date) => times.format(date),
    plural: (count) => plurals.select(count),
  };
}

/** Time left, as coarse as it is known, for a language to put into words. */
export type TimeLeft =
  | { readonly kind: "moments" }
  | { readonly kind: "seconds"; readonly seconds: number }
  | { readonly kind: "minutes"; readonly minutes: number }
  | { readonly kind: "hours"; readonly hours: number; readonly minutes: number };

export function roundTimeLeft(seconds: number): TimeLeft {
  if (seconds < 5) return { kind: "moments" };
  if (seconds < 55) return { kind: "seconds", seconds: Math.ceil(seconds / 5) * 5 };
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return { kind: "minutes", minutes };
  return { kind: "hours", hours: Math.floor(minutes / 60), minutes: minutes % 60 };
}

/** A name in two: the head may be cut with an ellipsis, the tail (the end of the stem and its ending) always shows. */
export function splitName(filename: string): readonly [head: string, tail: string] {
  const letters = Array.from(filename);
  const dot = letters.lastIndexOf(".");
  const endingLength = dot > 0 && letters.length - dot <= LONGEST_ENDING ? letters.length - dot : 0;
  const cut = Math.max(0, letters.length - endingLength - TAIL_LENGTH);
  return [letters.slice(0, cut).join(""), letters.slice(cut).join("")];
}
