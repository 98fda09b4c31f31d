import { expect, test } from "vitest";
import { contentDisposition, contentType, reprDigest } from "../../../worker/delivery/headers.ts";

test.each([
  ["attachment", "image/png", "a.png", 'attachment; filename="a.png"'],
  ["inline", "image/png", "a b.png", 'inline; filename="a b.png"'],
  ["inline", "image/svg+xml", "a.svg", 'attachment; filename="a.svg"'],
  ["inline", "text/html", "a.html", 'attachment; filename="a.html"'],
  ["inline", "application/zip", "a.zip", 'attachment; filename="a.zip"'],
  [
    "attachment",
    "text/plain",
    'q"uo\\te.txt',
    `attachment; filename="q_uo_te.txt"; filename*=UTF-8''q%22uo%5Cte.txt`,
  ],
  [
    "attachment",
    "text/plain",
    "Übung.txt",
    `attachment; filename="Ubung.txt"; filename*=UTF-8''%C3%9Cbung.txt`,
  ],
  [
    "attachment",
    "text/plain",
    "报告.txt",
    `attachment; filename="__.txt"; filename*=UTF-8''%E6%8A%A5%E5%91%8A.txt`,
  ],
  [
    "attachment",
    "text/plain",
    "a'(b)*.txt",
    `attachment; filename="a'(b)_.txt"; filename*=UTF-8''a%27%28b%29%2A.txt`,
  ],
  [
    "attachment",
    "text/plain",
    "．．／．．／etc／cron.txt",
    `attachment; filename="_.._etc_cron.txt"; filename*=UTF-8''${encodeURIComponent("．．／．．／etc／cron.txt")}`,
  ],
  ["attachment", "text/plain", "℀.txt", `attachment; filename="a_c.txt"; filename*=UTF-8''%E2%84%80.txt`],
  [
    "attachment",
    "text/plain",
    "＼：＊？＜＞｜.txt",
    `attachment; filename="_______.txt"; filename*=UTF-8''${encodeURIComponent("＼：＊？＜＞｜.txt")}`,
  ],
  ["attachment", "text/plain", ".notes", `attachment; filename="notes"; filename*=UTF-8''.notes`],
  [
    "attachment",
    "text/plain",
    "．．",
    `attachment; filename="_"; filename*=UTF-8''${encodeURIComponent("．．")}`,
  ],
  ["attachment", "text/plain", "100%.txt", `attachment; filename="100_.txt"; filename*=UTF-8''100%25.txt`],
] as const)("%s %s %s", (disposition, mimeType, filename, expected) => {
  expect(contentDisposition(disposition, mimeType, filename)).toBe(expected);
});

test("HTML is shown where the processor made it", () => {
  const shown = contentDisposition("inline", "text/html", "a.html", "derived");
  expect(shown).toBe('inline; filename="a.html"');
  expect(contentDisposition("inline", "image/svg+xml", "a.svg", "derived")).toContain("attachment");
});

test("text is said to be UTF-8", () => {
  expect(contentType("text/csv")).toBe("text/csv; charset=utf-8");
  expect(contentType("image/png")).toBe("image/png");
});

test("a digest is a structured field of bytes", () => {
  const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  expect(reprDigest(empty)).toBe("sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:");
});
