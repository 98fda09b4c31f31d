import { expect, test } from "vitest";
import { Properties } from "#contract/properties.ts";
import { type MediaFacts, Probe, readFacts } from "../../../processor/derive/media/facts.ts";

const VIDEO = { index: 0, codec_type: "video", codec_name: "h264", width: 640, height: 360 };
const SOUND = { index: 1, codec_type: "audio", codec_name: "aac", sample_rate: "44100", channels: 2 };
const COVER = { ...VIDEO, index: 2, codec_name: "mjpeg", disposition: { attached_pic: 1 } };

function factsOf(streams: readonly object[], format: object = {}): MediaFacts {
  const facts = readFacts(Probe.parse({ streams, format }));
  // What is told has to be what can be reported.
  expect(Properties.parse(facts.properties)).toEqual(facts.properties);
  return facts;
}

test.each([
  ["30000/1001", 29.97],
  ["25/1", 25],
  ["0/0", undefined],
  ["1/0", undefined],
  ["-1/25", undefined],
  ["1e400/1", undefined],
  ["many", undefined],
])("a rate of %s is %s frames a second", (rate, expected) => {
  expect(factsOf([{ ...VIDEO, avg_frame_rate: rate }]).properties.framesPerSecond).toBe(expected);
});

test.each([
  ["1.234567", 1.235],
  ["0", undefined],
  ["-5", undefined],
  ["NaN", undefined],
  ["Infinity", undefined],
  ["N/A", undefined],
])("a duration of %s is one of %s seconds", (duration, expected) => {
  expect(factsOf([SOUND], { duration }).properties.durationSeconds).toBe(expected);
});

test("a cover is no video, but what can be shown where there is none", () => {
  expect(factsOf([SOUND, COVER]).picture).toMatchObject({ index: 2, isStill: true });
  expect(factsOf([SOUND, COVER]).properties).not.toHaveProperty("width");
  expect(factsOf([COVER, VIDEO]).picture).toMatchObject({ index: 0, isStill: false });
});

test("a picture that nothing is known of is none that isn't there", () => {
  expect(factsOf([{ ...VIDEO, width: 0 }]).picture).toBe("unreadable");
  expect(factsOf([SOUND])).toMatchObject({ picture: undefined, hasSound: true });
});

test.each([
  [0, 640, 360],
  [-90, 360, 640],
  [180, 640, 360],
  [270, 360, 640],
])("turned by %i degrees it is %i × %i", (rotation, width, height) => {
  const { properties } = factsOf([{ ...VIDEO, side_data_list: [{}, { rotation }] }]);
  expect(properties).toMatchObject({ width, height });
});

test("pixels may be so wide that a picture can't be drawn, and it has sides all the same", () => {
  const { properties } = factsOf([{ ...VIDEO, sample_aspect_ratio: "1:1000000" }]);
  expect(properties).toMatchObject({ width: 1, height: 360 });
});

test("words are those of the file, else of its sound, without what isn't to be seen", () => {
  const tagged = { ...SOUND, tags: { TITLE: "of the sound", Artist: "Ada\u0000\n Lovelace", album: "  " } };
  const { properties } = factsOf([tagged], { tags: { title: "x".repeat(300) } });
  expect(properties).toMatchObject({ title: "x".repeat(200), artist: "Ada Lovelace" });
  expect(properties).not.toHaveProperty("album");
});

test.each([
  ["location", "+52.5163+013.3777+034.000/", { latitude: 52.5163, longitude: 13.3777 }],
  ["com.apple.quicktime.location.ISO6709", "-33.8568-070.6483/", { latitude: -33.8568, longitude: -70.6483 }],
  ["location", "in Berlin", {}],
])("a place by %s as %s", (name, text, place) => {
  expect(factsOf([VIDEO], { tags: { [name]: text } }).properties).toEqual({
    ...factsOf([VIDEO]).properties,
    ...place,
  });
});
