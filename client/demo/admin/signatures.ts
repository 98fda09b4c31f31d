import type { Signatures } from "../texts/admin-texts.ts";

/** ClamAV's: a number, and the day that its database is of, in UTC and without saying so. */
const CLAMAV = /^(\d+)\/(\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4})$/;

/** Which signatures something was checked by, and from when they are, where that is said. */
export function parseSignatures(version: string | null): Signatures | undefined {
  if (version === null || version === "" || version === "unnumbered") return undefined;
  const [, number, day] = CLAMAV.exec(version) ?? [];
  if (number === undefined) return { name: version, date: undefined };
  return { name: number, date: new Date(`${day} UTC`) };
}
