const PIXELS = 150;
const LINES = 14;
const COLUMNS = 32;
const FONT_PIXELS = 7.5;
const LINE_PIXELS = 10;
const MARGIN = 6;

/** A page with the first lines of a text, as an SVG that a thumbnail is made of. */
export function drawText(text: string): string {
  const lines = text.split(/\r\n|\n|\r/, LINES).map((line, index) => {
    const y = MARGIN + FONT_PIXELS + index * LINE_PIXELS;
    return `<text x="${MARGIN}" y="${y}" xml:space="preserve">${toXml(line)}</text>`;
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${PIXELS}" height="${PIXELS}">` +
    `<rect width="100%" height="100%" fill="#fff"/><g fill="#333" font-size="${FONT_PIXELS}" ` +
    `font-family="Liberation Mono, DejaVu Sans Mono, monospace">${lines.join("")}</g></svg>`
  );
}

function toXml(line: string): string {
  const shown = Array.from(line.slice(0, COLUMNS * 2).replaceAll("\t", "  "))
    .slice(0, COLUMNS)
    .join("");
  // Beside what is markup: what XML has no way to write, and what isn't to be seen anyway.
  return shown
    .replaceAll(/\p{C}/gu, " ")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}
