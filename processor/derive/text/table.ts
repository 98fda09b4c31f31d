import { parse } from "csv-parse/sync";

export interface Table {
  readonly rows: readonly (readonly string[])[];
  /** Whether there is more in the text. */
  readonly isCut: boolean;
}

const MAX_ROWS = 200;
const MAX_COLUMNS = 50;
/** Where the decimal sign is a comma, Excel writes semicolons. */
const DELIMITERS = [",", ";", "\t", "|"] as const;

/** Excel's own way to tell it, in a line before all others. */
const TOLD = /^sep=(.)\r?\n/;

/** The first rows and columns of separated values (RFC 4180, read leniently). Undefined where they can't be read as such. */
export function readTable(text: string, delimiter?: string): Table | undefined {
  const told = TOLD.exec(text);
  const values = text.slice(told?.[0].length ?? 0);
  try {
    const rows = parse(values, {
      delimiter: delimiter ?? told?.[1] ?? findDelimiter(values),
      to: MAX_ROWS + 1,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
    });
    const isCut = rows.length > MAX_ROWS || rows.some((row) => row.length > MAX_COLUMNS);
    return { rows: rows.slice(0, MAX_ROWS).map((row) => row.slice(0, MAX_COLUMNS)), isCut };
  } catch {
    return undefined;
  }
}

/** The one that the first line has most of, beside what is in quotes. */
function findDelimiter(text: string): string {
  const [line = ""] = text.split(/\r?\n/, 1);
  const bare = line.replaceAll(/"[^"]*"?/g, "");
  const counts = DELIMITERS.map((delimiter) => bare.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ",";
}
