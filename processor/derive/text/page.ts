/**
 * A page that is nothing but a text. What is in the file becomes characters on the page, never markup, and the page has
 * no scripts and fetches nothing, wherever it is opened.
 */

const STYLE = [
  ":root{color-scheme:light dark}",
  "body{margin:1rem;font:14px/1.45 system-ui,sans-serif}",
  "pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.45 ui-monospace,monospace;tab-size:4}",
  "table{border-collapse:collapse}",
  "td{border:1px solid #8886;padding:.2em .5em;vertical-align:top;white-space:pre-wrap;max-width:40em}",
  "p{margin:1rem 0 0;padding-top:.5rem;border-top:1px solid #8886;font-style:italic}",
].join("");

const CUT_SENTENCE = "Only the beginning of the file is shown.";

/** A text as it is. */
export function renderText(text: string, isCut: boolean): string {
  // A first line that is empty would be dropped (HTML 4.10.9 and 13.2.6.4.7).
  return renderPage(`<pre dir="auto">\n${escape(text)}</pre>`, isCut);
}

/** Rows of cells. */
export function renderTable(rows: readonly (readonly string[])[], isCut: boolean): string {
  const body = rows.map(
    (row) => `<tr>${row.map((cell) => `<td dir="auto">${escape(cell)}</td>`).join("")}</tr>`,
  );
  return renderPage(`<table><tbody>\n${body.join("\n")}\n</tbody></table>`, isCut);
}

function renderPage(content: string, isCut: boolean): string {
  return (
    '<!doctype html>\n<html><head><meta charset="utf-8">' +
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">` +
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Preview</title>' +
    `<style>${STYLE}</style></head>\n<body>${content}${isCut ? `\n<p>${CUT_SENTENCE}</p>` : ""}</body></html>\n`
  );
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** For the content of elements. What has no sign of its own, but for white space, is shown as one that isn't known. */
export function escape(text: string): string {
  return text
    .replaceAll(/[&<>]/g, (sign) => ENTITIES[sign] ?? "")
    .replaceAll(/(?![\t\n\r])\p{Cc}|[\ufffe\uffff]/gu, "\ufffd");
}
