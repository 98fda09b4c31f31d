import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { TenantId } from "#contract/ids.ts";
import { DOCX, docx } from "../support/documents.ts";
import { eicar, zip } from "../support/eicar.ts";
import { forgeries } from "./support/forgeries.ts";
import { attach } from "./support/mails.ts";
import { never, usePipeline } from "./support/pipeline.ts";
import { tar } from "./support/tar.ts";

const pipeline = usePipeline();

describe("the verdict", () => {
  const ARCHIVE = docx({ "notes.txt": randomBytes(2_000) });

  test.each([
    ["application/zip", "application/octet-stream"],
    ["a document", DOCX],
  ])(
    "on a zip that is cut is unscannable, though the scanner finds nothing: %s",
    async (_what, declaredType) => {
      expect(await pipeline.processAs(ARCHIVE, declaredType)).toBe("clean");
      expect(await pipeline.processAs(ARCHIVE.subarray(0, -30), declaredType)).toBe("unscannable");
      expect(pipeline.worker.verdicts()).toMatchObject([
        { verdict: "clean", signatureName: null },
        { verdict: "unscannable", signatureName: "Zip.Directory.Missing" },
      ]);
    },
  );

  test("on what is named as a zip and doesn't begin as one is asked of its end", async () => {
    const shifted = Buffer.concat([randomBytes(50), ARCHIVE]);
    expect(await pipeline.processAs(shifted, "application/epub+zip")).toBe("unscannable");
    expect(await pipeline.processAs(shifted, "application/octet-stream")).toBe("clean");
  });

  test("on malware in a zip is infected; where it is cut, the scanner doesn't find it", async () => {
    const archive = zip([{ name: "a.txt", content: eicar() }]);
    expect(await pipeline.processAs(archive, "application/zip")).toBe("infected");
    expect(await pipeline.processAs(archive.subarray(0, -22), "application/zip")).toBe("unscannable");
  });

  test.each(forgeries(eicar()))("on malware in a zip that isn't clean: it has %s", async (_what, archive) => {
    // Some of it the scanner finds by itself.
    expect(await pipeline.processAs(archive, "application/octet-stream")).toMatch(
      /^(?:infected|unscannable)$/,
    );
  });

  test("on malware that the scanner passes over, and others extract, is unscannable", async () => {
    const [[, archive] = []] = forgeries(eicar());
    expect(await pipeline.processAs(archive ?? Buffer.of(), "application/zip")).toBe("unscannable");
    expect(pipeline.worker.verdicts()).toMatchObject([{ signatureName: "Zip.Entry.Mismatch" }]);
  });

  const MALWARE = zip([{ name: "a.com", content: eicar() }]);
  const PACKED = tar([{ name: "a.gz", content: gzipSync(eicar()) }]);

  test.each<[string, Buffer, Buffer, string, string]>([
    ["a tar", PACKED, Buffer.concat([Buffer.alloc(512, 0xc8), PACKED]), "application/x-tar", "Tar.Broken"],
    [
      "a mail",
      Buffer.from(attach(MALWARE)),
      Buffer.from(attach(MALWARE).replaceAll("\r\n", "\r")),
      "message/rfc822",
      "Mail.LineEnds",
    ],
  ])(
    "on malware in %s is infected; where the scanner doesn't see it, unscannable",
    async (_what, seen, unseen, declaredType, signatureName) => {
      expect(await pipeline.processAs(seen, declaredType)).toBe("infected");
      expect(await pipeline.processAs(unseen, declaredType)).toBe("unscannable");
      expect(pipeline.worker.verdicts()).toMatchObject([{}, { signatureName }]);
    },
  );

  test.each([
    ["an MP3", Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0x64]), Buffer.alloc(413)]), "audio/mpeg"],
    ["a sound that begins as none", Buffer.concat([Buffer.from("ID3\x03"), Buffer.alloc(506)]), "audio/mpeg"],
    ["an Ogg", Buffer.concat([Buffer.from("OggS\0\x02"), Buffer.alloc(52)]), "audio/ogg"],
  ])("on %s is clean, and unscannable where a zip is behind it", async (_what, sound, declaredType) => {
    expect(await pipeline.processAs(sound, declaredType)).toBe("clean");
    for (const activeContent of ["allow", "refuse"] as const) {
      pipeline.worker.standing.wishes = { ...pipeline.worker.standing.wishes, activeContent };
      expect(await pipeline.processAs(Buffer.concat([sound, MALWARE]), declaredType)).toBe("unscannable");
    }
    expect(pipeline.worker.verdicts().at(-1)).toMatchObject({ signatureName: "Type.ZipBehindMedia" });
  });

  const PROGRAM = Buffer.concat([Buffer.from("MZ\x90\0", "latin1"), Buffer.alloc(6_000, 1)]);
  const APPLET = zip([
    { name: "notes.bin", content: randomBytes(20_000) },
    { name: "META-INF/MANIFEST.MF", content: Buffer.from("Manifest-Version: 1.0\n") },
  ]);

  test.each([
    ["a Windows program", PROGRAM, "audio/mpeg"],
    ["a page", Buffer.from("<!doctype html><p>x</p>"), "application/xml"],
    ["a Java archive, which the edge doesn't see so far behind", APPLET, "application/zip"],
  ])("on %s that was declared as another type is unscannable", async (_what, bytes, declaredType) => {
    expect(await pipeline.processAs(bytes, declaredType)).toBe("unscannable");
    expect(pipeline.worker.verdicts()).toMatchObject([{ signatureName: "Type.NotAsDeclared" }]);
  });

  test("on a text that begins as a program does is clean, and it is a text", async () => {
    expect(await pipeline.processAs(Buffer.from("MZ is a Windows program's mark."), "text/plain")).toBe(
      "clean",
    );
    expect(pipeline.worker.verdicts()).toMatchObject([{ verdict: "clean", sniffedType: null }]);
  });
});

test("documents that wait to be looked into keep no hand from a scan, not even of their own tenant's", async () => {
  const { scan, look } = pipeline.parts.lanes;
  const held = Promise.withResolvers<void>();
  const owner = TenantId.parse("acme");
  const hand = look.run(() => held.promise, never, owner);
  const allWait = Promise.withResolvers<void>();
  look.watch({ changed: ({ waiting }) => waiting === 3 && allWait.resolve() });
  const documents = [1, 2, 3].map(() => pipeline.processAs(docx({ "notes.txt": randomBytes(2_000) }), DOCX));
  await allWait.promise;
  expect([scan.running, scan.waiting]).toEqual([0, 0]);
  expect(await pipeline.processAs(randomBytes(100), "application/octet-stream")).toBe("clean");
  expect(pipeline.worker.verdicts()).toHaveLength(1);
  held.resolve();
  await hand;
  expect(await Promise.all(documents)).toEqual(["clean", "clean", "clean"]);
});
