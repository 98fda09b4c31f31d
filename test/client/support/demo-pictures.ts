import type { Body } from "../react/files/files-api.ts";

/** Pictures that are the same in every run, drawn of a few shapes. */

function svg(width: number, height: number, shapes: string): Body {
  const root = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`;
  return { type: "image/svg+xml", body: `${root}${shapes}</svg>` };
}

interface Landscape {
  readonly sky: string;
  readonly sun: string;
  readonly hills: string;
  readonly ground: string;
}

const LANDSCAPES: readonly [Landscape, ...Landscape[]] = [
  { sky: "#9cc4e4", sun: "#ffe9a8", hills: "#4d7a63", ground: "#8bb174" },
  { sky: "#f0b489", sun: "#fff1d6", hills: "#7a4d5b", ground: "#a8705f" },
  { sky: "#33415c", sun: "#e8eaf2", hills: "#1f2940", ground: "#5c677d" },
  { sky: "#d7e3ea", sun: "#ffffff", hills: "#8aa1ad", ground: "#b9c7bd" },
];

/** A photo of a hall before hills, as a camera takes it: 3 to 2. */
export function photo(index: number): Body {
  const { sky, sun, hills, ground } = LANDSCAPES[index % LANDSCAPES.length] ?? LANDSCAPES[0];
  const windows = [0, 1, 2, 3, 4].map(
    (place) => `<rect x="${430 + place * 70}" y="430" width="44" height="60" fill="#cfd9df"/>`,
  );
  return svg(
    1200,
    800,
    `<rect width="1200" height="800" fill="${sky}"/><circle cx="${240 + index * 90}" cy="190" r="70" fill="${sun}"/>` +
      `<path d="M0 520 240 330 430 470 700 250 1000 470 1200 380V800H0z" fill="${hills}"/>` +
      `<rect x="400" y="400" width="390" height="200" fill="#e9ecef"/><path d="M380 400 595 300 810 400z" fill="#6c757d"/>` +
      `${windows.join("")}<rect y="590" width="1200" height="210" fill="${ground}"/>`,
  );
}

/** A page of a letter: its title, and lines in the place of words. */
export function page(title: string, number: number): Body {
  const lines = Array.from({ length: 22 }, (_, index) => {
    const width = index % 6 === 5 ? 420 : 860 - ((index * 37) % 90);
    const y = 470 + index * 44 + Math.floor(index / 6) * 26;
    return `<rect x="140" y="${y}" width="${width}" height="14" rx="7" fill="#c6ccd6"/>`;
  });
  return svg(
    1200,
    1697,
    `<rect width="1200" height="1697" fill="#fff"/><rect x="140" y="130" width="70" height="70" rx="14" fill="#2f5bd7"/>` +
      `<text x="140" y="340" font-family="sans-serif" font-size="48" font-weight="700" fill="#1b1e25">${title}</text>` +
      `<rect x="140" y="390" width="300" height="14" rx="7" fill="#9aa3b2"/>${lines.join("")}` +
      `<text x="600" y="1620" text-anchor="middle" font-family="sans-serif" font-size="26" fill="#5a6170">${number}</text>`,
  );
}

/** The upper part of a page, as a square. */
export function pageThumbnail(title: string): Body {
  const { body } = page(title, 1);
  return {
    type: "image/svg+xml",
    body: String(body).replace('viewBox="0 0 1200 1697"', 'viewBox="0 0 1200 1200"'),
  };
}

/** Two seconds of a tone that fades, as a WAV file. */
export function tone(): Body {
  const rateHz = 8000;
  const count = rateHz * 2;
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + count, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rateHz, 24);
  head.writeUInt32LE(rateHz, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write("data", 36);
  head.writeUInt32LE(count, 40);
  const samples = Buffer.from(
    Array.from({ length: count }, (_, index) => 128 + 100 * Math.sin(index / 6) * (1 - index / count)),
  );
  return { type: "audio/wav", body: Buffer.concat([head, samples]) };
}

/** Peaks of a voice, as the processor tells them. */
export function waveform(): Body {
  const peaks = Array.from({ length: 120 }, (_, index) =>
    Math.round(20 + 60 * Math.abs(Math.sin(index / 7) * Math.cos(index / 3))),
  );
  return { type: "application/json", body: JSON.stringify({ peaks }) };
}
