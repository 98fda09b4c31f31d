/** Films and sounds: cut, without what they should have, and playlists in their place. */
import sharp from "sharp";
import { H264, makeMedia, PICTURE, TONE } from "../media.ts";
import { cut, EMPTY, noise, text } from "./bytes.ts";
import { all, clean, type CorpusFile, once, refused, row, USUAL } from "./row.ts";

const POSTER = all("ready", "thumbnail", "poster");
const NO_POSTER = all("failed", "thumbnail", "poster");
const NO_PICTURE = all("none", "thumbnail", "poster");
const SOUND = all("ready", "thumbnail", "waveform");
const NO_SOUND = all("failed", "thumbnail", "waveform");
const SIZE = { width: 320, height: 180 };
const VP9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"];
const BOTH = [...PICTURE, ...TONE];

const film = once(() => makeMedia("mp4", [...BOTH, ...H264]));
const fastFilm = once(() => makeMedia("mp4", [...BOTH, ...H264, "-movflags", "+faststart"]));
const sound =
  (ending: string, codec: readonly string[] = []) =>
  () =>
    makeMedia(ending, [...TONE, ...codec]);
const mp3 = once(sound("mp3"));
const withCover = async () =>
  makeMedia(
    "mp3",
    [
      ...[...TONE, "-i", "cover.png", "-map", "0", "-map", "1", "-c:v", "copy"],
      ...["-disposition:v", "attached_pic", "-metadata", "title=A tone"],
    ],
    {
      "cover.png": await sharp({ create: { width: 60, height: 40, channels: 3, background: "red" } })
        .png()
        .toBuffer(),
    },
  );
const PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n";
const LIST = "ffconcat version 1.0\nfile /etc/passwd\n";
/** What it is called by, and then something else: ISO/IEC 14496-12, 4.3. */
const called = (content: Uint8Array) => () =>
  Buffer.concat([Buffer.from("\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "latin1"), content]);

export const MEDIA: readonly CorpusFile[] = [
  row("as any", "usual.mp4", film, clean(POSTER, { ...SIZE, isFastStart: false }), USUAL),
  row("that begins with its index", "fast.mp4", fastFilm, clean(POSTER, { ...SIZE, isFastStart: true })),
  row(
    "without sound",
    "silent.mp4",
    () => makeMedia("mp4", [...PICTURE, ...H264]),
    clean(POSTER, { ...SIZE, videoCodec: "h264" }),
  ),
  row("without a picture", "blind.mp4", sound("mp4"), clean(NO_PICTURE, { audioCodec: "aac" })),
  row("cut before its index", "cut.mp4", cut(film, -500), clean(NO_POSTER)),
  row("cut after half, with its index", "half.mp4", cut(fastFilm, 0.5), clean(POSTER, SIZE)),
  row("a playlist", "list.mp4", text(PLAYLIST), refused("FILE_TYPE_MISMATCH")),
  row("a playlist behind a name", "named-list.mp4", called(Buffer.from(PLAYLIST)), clean(NO_POSTER)),
  row("noise behind a name", "noise.mp4", called(noise(100_000)), clean(NO_POSTER)),
  row("empty", "empty.mp4", EMPTY, clean(NO_POSTER)),
  row("as any", "usual.mov", () => makeMedia("mov", [...BOTH, ...H264]), clean(POSTER, SIZE)),
  row("as any", "usual.webm", () => makeMedia("webm", [...BOTH, ...VP9]), clean(POSTER, SIZE)),
  row("of sound alone", "blind.webm", sound("webm"), clean(NO_PICTURE, { audioCodec: "opus" })),
  row("as any", "usual.mkv", () => makeMedia("mkv", [...BOTH, ...H264]), clean(POSTER, SIZE)),
  row("a list of files", "list.mkv", text(LIST), refused("FILE_TYPE_MISMATCH")),
  row("as any", "usual.avi", () => makeMedia("avi", BOTH), clean(POSTER, SIZE)),
  row("as any", "usual.mpg", () => makeMedia("mpg", BOTH), clean(POSTER, SIZE)),

  row("without a cover", "usual.mp3", mp3, clean(SOUND, { audioCodec: "mp3" }), USUAL),
  row(
    "with a cover",
    "cover.mp3",
    withCover,
    clean(all("ready", "thumbnail", "waveform"), { title: "A tone" }),
  ),
  row("cut after half", "half.mp3", cut(mp3, 0.5), clean(SOUND)),
  row("a playlist", "list.mp3", text(PLAYLIST), clean(NO_SOUND)),
  row("a wave", "wave.mp3", sound("wav"), refused("FILE_TYPE_MISMATCH")),
  row("as any", "usual.wav", sound("wav"), clean(SOUND, { audioCodec: "pcm_s16le", channels: 1 })),
  row("of a header alone", "head.wav", cut(sound("wav"), 0.0005), clean(NO_SOUND)),
  row("as any", "usual.flac", sound("flac"), clean(SOUND, { audioCodec: "flac" })),
  row("as any", "usual.ogg", sound("ogg", ["-c:a", "libvorbis"]), clean(SOUND, { audioCodec: "vorbis" })),
  row("as any", "usual.m4a", sound("m4a"), clean(SOUND, { audioCodec: "aac" })),
  row("as any", "usual.opus", sound("opus"), clean(SOUND, { audioCodec: "opus" })),
];
