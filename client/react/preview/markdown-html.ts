import { Marked } from "marked";

/** In UTF-16 units. Beyond it the work of masking alone, which no deadline below reaches, is seen as a pause. */
const MAX_LENGTH = 32_768;
/** Reading a usual text of that length takes a fifth of it; a page that stands for so long is hardly seen to. */
const BUDGET_MS = 200;
const MAX_COLUMNS = 100;
/** Deeper, `marked` would run out of stack, and a browser flattens it anyway. */
const MAX_DEPTH = 32;

const TOO_DEEP = new RegExp(`^(?:[ \\t]*(?:>|[-*+]|\\d{1,9}[.)])){${MAX_DEPTH}}`, "m");

/** What is as well shown as its source. */
class TooHardError extends Error {}

function within(budgetMs: number): Marked {
  const endMs = performance.now() + budgetMs;
  const look = () => {
    if (performance.now() > endMs) throw new TooHardError("Its time is over.");
    // Then the reader's own tokenizer is asked.
    return false as const;
  };
  return new Marked({
    gfm: true,
    tokenizer: {
      // The first that is asked at each block, at each item of a list and at each piece of a line.
      space: look,
      escape: look,
      emStrong: look,
      blockquote: look,
      list: look,
      // Bare addresses: its one expression is of quadratic time, which nothing could end.
      url: () => undefined,
      table: (source) => {
        const [line = ""] = source.split("\n", 1);
        if (line.split("|").length > MAX_COLUMNS) throw new TooHardError("Too many columns.");
        return false;
      },
    },
  });
}

/**
 * The HTML of a Markdown text, not yet safe; undefined for one that is too long or takes too long to read: there are texts of
 * few bytes that would hold a page up for minutes. Whatever else its reader throws at comes to the same.
 */
export function htmlOfMarkdown(text: string, budgetMs = BUDGET_MS): string | undefined {
  if (text.length > MAX_LENGTH || TOO_DEEP.test(text)) return undefined;
  try {
    return within(budgetMs).parse(text, { async: false });
  } catch {
    return undefined;
  }
}
