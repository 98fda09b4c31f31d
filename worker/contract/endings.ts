/** How a name ends: what systems tell the kind of a file by. */

/**
 * The text after the last dot with the dot; empty where there is none. A dot-file has no ending, and neither has a sentence:
 * nothing is opened by one with a space in it.
 */
export function endingOf(filename: string): string {
  const dot = filename.lastIndexOf(".");
  const ending = dot <= 0 ? "" : filename.slice(dot);
  return /\s/.test(ending) ? "" : ending;
}

/** The same in lower case and without the dot. */
export function extensionOf(filename: string): string {
  return endingOf(filename).slice(1).toLowerCase();
}

/** Characters that are not seen: they must not hide an ending. Zero-width ones are at home in several scripts. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Zs}]+/gu;
const UNSEEN_END = /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Zs}.]+$/u;
/** What follows a colon is a stream of the file before it, and some programs end a name at a control character. */
const NAME_ENDS = /[:\p{Cc}\u2028\u2029]/u;

/** As what is opened by a name sees it: what isn't seen at its end, and dots there, hide no ending, and ".docm" is one. */
export function openingEndingOf(filename: string): string {
  return extensionOf(`_${filename.normalize("NFKC").replace(UNSEEN_END, "")}`);
}

/** Every ending that some system may take a name by: Windows drops dots and spaces at the end, and takes ".exe" by it. */
export function endingsOf(filename: string): readonly string[] {
  const seen = filename.normalize("NFKC").replace(UNSEEN, "");
  return seen.split(NAME_ENDS).map((name) => extensionOf(`_${name.replace(/[./\\*?"<>|]+$/, "")}`));
}
