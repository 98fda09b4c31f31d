export interface PdfOptions {
  readonly pages?: number;
  readonly title?: string;
  readonly author?: string;
  /** What is written on each page; by default its number. */
  readonly words?: (page: number) => string;
  /** In points. */
  readonly size?: readonly [number, number];
  /** An object of its own beside the pages. */
  readonly extra?: string;
  /** Entries of the catalog. */
  readonly catalog?: string;
}

/** A PDF (ISO 32000-1, 7.5) of pages with a blue bar at their top and a line of text, nothing of it packed. */
export function makePdf({
  pages = 1,
  title,
  author,
  words,
  size = [595, 842],
  extra,
  catalog = "",
}: PdfOptions = {}): Buffer {
  const [width, height] = size;
  const kids = range(pages).map((page) => `${5 + 2 * page} 0 R`);
  const info = [title && `/Title (${title})`, author && `/Author (${author})`].filter(Boolean).join(" ");
  const bar = `0 0 1 rg 0 ${height - height / 4} ${width} ${height / 4} re f 0 g`;
  const objects = [
    `<< /Type /Catalog /Pages 2 0 R ${catalog}>>`,
    `<< /Type /Pages /Kids [${kids.join(" ")}] /Count ${pages} >>`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    `<< ${info} >>`,
    ...range(pages).flatMap((page) => {
      const text = words?.(page + 1) ?? `This is page ${page + 1}`;
      const content = `${bar} BT /F1 24 Tf 40 ${height / 2} Td (${text}) Tj ET`;
      return [
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${width} ${height}] /Contents ${6 + 2 * page} 0 R ` +
          "/Resources << /Font << /F1 3 0 R >> >> >>",
        `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
      ];
    }),
    ...(extra === undefined ? [] : [extra]),
  ];
  return assemble(objects);
}

/** A PDF whose page tree leads back to its root, and says that it has two thousand million pages. */
export function endlessPdf(): Buffer {
  return assemble([
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R 2 0 R] /Count 2000000000 >>",
    "<< /Type /Pages /Parent 2 0 R /Kids [2 0 R 3 0 R] /Count 1000000000 >>",
    "<< >>",
  ]);
}

function assemble(objects: readonly string[]): Buffer {
  let file = "%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n";
  const offsets = objects.map((object, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, "0")} 00000 n \n`;
  });
  const startxref = file.length;
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join("")}`;
  file += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info 4 0 R >>\nstartxref\n${startxref}\n%%EOF\n`;
  return Buffer.from(file, "latin1");
}

function range(length: number): readonly number[] {
  return Array.from({ length }, (_, index) => index);
}
