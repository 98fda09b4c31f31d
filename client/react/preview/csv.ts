/** A text of rows and columns, for people to look at: what a spreadsheet would show of it. */
export interface Table {
  readonly rows: readonly (readonly string[])[];
  /** Whether there is more than `rows`. */
  readonly isCut: boolean;
}

/** As much of a table as is drawn without the page standing still. */
const MAX_ROWS = 500;
const MAX_COLUMNS = 100;
const MAX_CELLS = 20_000;
/** In UTF-16 units: a cell isn't read like a page. */
const MAX_CELL_LENGTH = 1_000;

const SEPARATORS = [",", ";", "\t", "|"] as const;

/** The separator that the first line has most of: German spreadsheets write semicolons. */
export function separatorOf(text: string): string {
  const line = text.slice(0, 4096).split("\n", 1)[0] ?? "";
  const counts = SEPARATORS.map((separator) => line.split(separator).length);
  return SEPARATORS[counts.indexOf(Math.max(...counts))] ?? ",";
}

/**
 * Reads RFC 4180, and what spreadsheets write in its place: other separators, line ends of any system, a quote that is never
 * closed, rows of different lengths.
 * What is beyond the limits above is left out.
 */
export function parseTable(text: string, separator = separatorOf(text)): Table {
  const rows: string[][] = [];
  let row: string[] = [];
  let [cells, isCut] = [0, false];
  const add = (cell: string) => {
    const isKept = row.length < MAX_COLUMNS;
    if (isKept) row.push(cell.slice(0, MAX_CELL_LENGTH));
    if (isKept) cells += 1;
    if (!isKept || cell.length > MAX_CELL_LENGTH) isCut = true;
  };
  let at = text.startsWith("\uFEFF") ? 1 : 0;
  while (at < text.length && rows.length < MAX_ROWS && cells < MAX_CELLS) {
    const field = text.charAt(at) === '"' ? readQuoted(text, at + 1) : { text: "", end: at };
    const end = endOfField(text, field.end, separator);
    add(field.text + text.slice(field.end, end));
    at = end + 1;
    if (text.charAt(end) === separator) {
      // A separator at the very end has an empty field behind it.
      if (at === text.length) add("");
      continue;
    }
    if (text.startsWith("\r\n", end)) at += 1;
    rows.push(row);
    row = [];
  }
  if (row.length > 0) rows.push(row);
  return { rows, isCut: isCut || at < text.length };
}

/** A quoted field's text, in which two quotes are one, and where it ends. */
function readQuoted(text: string, start: number): { readonly text: string; readonly end: number } {
  let field = "";
  for (let at = start; ;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return { text: field + text.slice(at), end: text.length };
    field += text.slice(at, quote);
    if (text.charAt(quote + 1) !== '"') return { text: field, end: quote + 1 };
    field += '"';
    at = quote + 2;
  }
}

function endOfField(text: string, start: number, separator: string): number {
  for (let at = start; at < text.length; at += 1) {
    const letter = text.charAt(at);
    if (letter === separator || letter === "\n" || letter === "\r") return at;
  }
  return text.length;
}
