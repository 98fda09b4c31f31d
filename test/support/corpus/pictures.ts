/** Pictures: whichever way up, in whatever colours, cut, and too large. */
import sharp from "sharp";
import { bitmap } from "../bitmaps.ts";
import { zip } from "../eicar.ts";
import { heic } from "../heic.ts";
import { animatedGif, picture, pixelBomb } from "../images.ts";
import {
  heicWithFilm,
  heicWithGainMap,
  motionPhoto,
  samsungMotionPhoto,
  tiledHeic,
  twoPictures,
  ultraHdr,
} from "../phone-photos.ts";
import { ORANGE, plain, signpost, sparseGif } from "../photos.ts";
import { cut, EMPTY, followed, multiplying, noise, ONE_BYTE, text } from "./bytes.ts";
import { all, clean, type CorpusFile, once, refused, row, USUAL } from "./row.ts";

const NAMES = ["thumbnail", "optimized"] as const;
const READY = all("ready", ...NAMES);
const FAILED = all("failed", ...NAMES);
const SMALL = { width: 160, height: 120 };
const BLUE = { r: 0, g: 0, b: 200 };

const small = (format: Parameters<typeof picture>[0]) => () => picture(format, 160, 120);
const onePixel = (format: Parameters<typeof picture>[0]) => () => picture(format, 1, 1);
const jpeg = once(async () => (await signpost(1_600, 1_200)).jpeg().toBuffer());
const png = once(async () => (await signpost(800, 600)).png().toBuffer());
/** What doesn't pack, so that half of the bytes are half of the rows. */
const speckled = (format: "png" | "webp") => () =>
  sharp(noise(300 * 200 * 3), { raw: { width: 300, height: 200, channels: 3 } })
    .toFormat(format)
    .toBuffer();
const gif = once(() => animatedGif(60, 40, 97));
const webp = once(async () =>
  sharp(await gif(), { animated: true })
    .webp()
    .toBuffer(),
);
const turned = (orientation: number) => async () =>
  (await signpost(160, 120)).jpeg().withMetadata({ orientation }).toBuffer();
const cmyk = () =>
  plain(160, 120).pipelineColourspace("cmyk").toColourspace("cmyk").withIccProfile("cmyk").jpeg().toBuffer();
const deep = () => plain(160, 120).toColourspace("rgb16").withIccProfile("p3").png().toBuffer();
const phonePhoto = async () =>
  heic(await (await signpost(4_032, 3_024)).jpeg().toBuffer(), [
    ...["--cut-tiles", "504"],
    ...["-p", "preset=ultrafast"],
  ]);
const smallHeic = once(async () => heic(await plain(160, 120).png().toBuffer()));

const SVG_OPEN = '<svg xmlns="http://www.w3.org/2000/svg" width="160" height="120">';
const svg = (content: string, before = "") => text(`${before}${SVG_OPEN}${content}</svg>`);
const RECTANGLE = '<rect width="80" height="60" fill="red"/>';

const TURNED: readonly CorpusFile[] = [1, 2, 3, 4, 5, 6, 7, 8].map((orientation) =>
  row(
    `turned by EXIF orientation ${orientation}`,
    `turned-${orientation}.jpg`,
    turned(orientation),
    clean(READY, orientation < 5 ? SMALL : { width: 120, height: 160 }),
    { isUsual: orientation === 6 },
  ),
);

export const PICTURES: readonly CorpusFile[] = [
  ...TURNED,
  row("of printer's inks", "cmyk.jpg", cmyk, clean(READY, SMALL)),
  row("of one pixel", "dot.jpg", onePixel("jpeg"), clean(READY, { width: 1, height: 1 })),
  row("cut after a tenth", "tenth.jpg", cut(jpeg, 0.1), clean(FAILED, { width: 1_600, height: 1_200 })),
  row("cut after half", "half.jpg", cut(jpeg, 0.5), clean(READY, { width: 1_600, height: 1_200 })),
  row("without its last 20 bytes", "nearly.jpg", cut(jpeg, -20), clean(READY)),
  row("of a header alone", "head.jpg", cut(jpeg, 0.001), clean(FAILED), USUAL),
  row(
    "with a zip behind it",
    "behind.jpg",
    followed(jpeg, zip([{ name: "a.txt", content: Buffer.of(97) }])),
    clean(READY),
  ),
  row("with a gain map behind it", "hdr.jpg", () => ultraHdr(), clean(READY, SMALL), USUAL),
  row("with a second picture behind it", "two.jpg", twoPictures, clean(READY, SMALL)),
  row("with a film behind it", "PXL_1.MP.jpg", () => motionPhoto(), clean(READY, SMALL), USUAL),
  row("with a film and a directory behind it", "20260102_1.jpg", samsungMotionPhoto, clean(READY, SMALL)),
  row("empty", "empty.jpg", EMPTY, clean(FAILED)),
  row("of one byte", "byte.jpg", ONE_BYTE, refused("FILE_TYPE_MISMATCH")),
  row("a PNG", "other.jpg", small("png"), refused("FILE_TYPE_MISMATCH")),
  row("a Windows program", "program.jpg", text(`MZ${"\0".repeat(100)}`), refused("FILE_TYPE_MISMATCH")),

  row("as any", "usual.png", png, clean(READY, { width: 800, height: 600 }), USUAL),
  row("of 16 bits with a wide profile", "deep.png", deep, clean(READY, SMALL)),
  row(
    "transparent",
    "clear.png",
    () => plain(160, 120).ensureAlpha(0.5).png().toBuffer(),
    clean(READY, SMALL),
  ),
  row("of one pixel", "dot.png", onePixel("png"), clean(READY)),
  row("of 900 million pixels in 110 KB", "bomb.png", () => pixelBomb(30_000, 30_000), clean(FAILED), USUAL),
  row("long and narrow", "ribbon.png", () => picture("png", 20_000, 2), clean(READY, { width: 20_000 })),
  row("cut after half", "half.png", cut(speckled("png"), 0.5), clean(READY)),
  row(
    "without its first 4 bytes",
    "headless.png",
    async () => (await png()).subarray(4),
    refused("FILE_TYPE_MISMATCH"),
  ),
  row("declared as a JPEG", "declared.png", png, refused("FILE_TYPE_REFUSED"), { type: "image/jpeg" }),
  row("a text", "text.png", text("hello"), refused("FILE_TYPE_MISMATCH")),

  row("of 97 frames", "moving.gif", gif, clean(READY, { frames: 97, width: 60, height: 40 }), USUAL),
  row(
    "of frames that are too many pixels",
    "many.gif",
    () => sparseGif(2_000, 1_750, 97),
    clean(READY, { frames: 97 }),
  ),
  row("cut after half", "half.gif", cut(gif, 0.5), clean(READY)),
  row("of 97 frames", "moving.webp", webp, clean(READY, { frames: 97 })),
  row("as any", "usual.webp", small("webp"), clean(READY, SMALL)),
  row("of 97 frames, cut after half", "half-moving.webp", cut(webp, 0.5), clean(FAILED)),
  row("cut after half", "half.webp", cut(speckled("webp"), 0.5), clean(FAILED)),
  row("of one pixel", "dot.webp", onePixel("webp"), clean(READY)),
  row("as any", "usual.tiff", small("tiff"), clean(READY, { ...SMALL, pages: 1 }), USUAL),
  row("as any", "usual.avif", small("avif"), clean(READY, SMALL), USUAL),
  row("cut after half", "half.avif", cut(small("avif"), 0.5), clean(FAILED)),

  row("as any", "usual.bmp", () => bitmap({ bits: 24, ...SMALL }, ORANGE, BLUE), clean(READY, SMALL), USUAL),
  row(
    "from its top, with a fourth byte",
    "top.bmp",
    () => bitmap({ bits: 32, isTopDown: true, hasAlpha: true, fourth: 128, ...SMALL }, ORANGE, BLUE),
    clean(READY, SMALL),
  ),
  row(
    "of OS/2",
    "old.bmp",
    () => bitmap({ bits: 8, isCore: true, ...SMALL }, ORANGE, BLUE),
    clean(READY, SMALL),
  ),

  row(
    "of 48 tiles and 12 megapixels",
    "IMG_0001.heic",
    phonePhoto,
    clean(READY, { width: 4_032, height: 3_024, format: "heif" }),
  ),
  row("with a gain map, told of in two ways", "IMG_0002.heic", () => heicWithGainMap(), clean(READY, SMALL)),
  row("with a film behind it", "20260102_2.heic", heicWithFilm, clean(READY, SMALL)),
  row(
    "of 768 tiles and 200 megapixels",
    "huge.heic",
    () => tiledHeic(24, 32, BLUE),
    clean(READY, { width: 16_320, height: 12_240 }),
  ),
  row("of 337 megapixels", "too-huge.heic", () => tiledHeic(36, 36), clean(FAILED)),
  row("as any", "usual.heic", smallHeic, clean(READY, SMALL), USUAL),
  row("cut after half", "half.heic", cut(smallHeic, 0.5), clean(FAILED)),

  row("a drawing", "usual.svg", svg(RECTANGLE), clean(READY), USUAL),
  row("with a script", "script.svg", svg("<script>alert(1)</script>"), clean(FAILED)),
  row("with another site's picture", "far.svg", svg('<image href="http://a.example/b.png"/>'), clean(FAILED)),
  row(
    "of entities that multiply",
    "laughs.svg",
    svg("<text>&i;</text>", multiplying("svg")),
    clean(FAILED),
    USUAL,
  ),
  row("that is HTML", "page.svg", text("<!doctype html><p>hello"), refused("FILE_TYPE_MISMATCH")),
];
