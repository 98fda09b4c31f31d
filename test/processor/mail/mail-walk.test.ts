import { expect, test } from "vitest";
import { MailWalk } from "../../../processor/mail/mail-walk.ts";
import { attach, base64Lines, base64Part, mail } from "../support/mails.ts";

const BYTES = Buffer.from("content ".repeat(100));
const BASE64 = base64Lines(BYTES);

/** What a walk finds; the bytes come in pieces of `pieceBytes`. */
function look(text: string, declaredType = "message/rfc822", pieceBytes = 1000): string | undefined {
  const bytes = Buffer.from(text, "latin1");
  const walk = new MailWalk(declaredType);
  for (let at = 0; at < bytes.length; at += pieceBytes) walk.push(bytes.subarray(at, at + pieceBytes));
  return walk.finish();
}

const QUOTED =
  "Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n1 =3D 1=\r\n.\r\n--\r\n";
const FORWARDED = `Content-Type: message/rfc822\r\n\r\n${mail([base64Part(BASE64), QUOTED], "inner")}`;

test.each<[string, string]>([
  ["nothing", ""],
  ["a mail without parts", "From: a@example.com\r\n\r\nHello\r\n"],
  ["one that is base64 itself", `Subject: x\r\nContent-Transfer-Encoding: base64\r\n\r\n${BASE64}\r\n`],
  ["an attachment", attach(BYTES)],
  [
    "one that ends in both ways of padding",
    mail([base64Part("QUI="), base64Part("QQ=="), base64Part("QQ=\r\n=")]),
  ],
  ["lines of an odd length", mail([base64Part(base64Lines(BYTES, 61)), base64Part(base64Lines(BYTES, 997))])],
  ["all in one line", mail([base64Part(Buffer.alloc(200_000, "ab").toString("base64"))])],
  ["quoted-printable", mail([QUOTED])],
  ["a mail in a mail", mail([FORWARDED, base64Part(BASE64)])],
  [
    "alternatives in parts",
    mail([
      `Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n${base64Part("QQ==")}\r\n--b\r\n${QUOTED}\r\n--b--\r\n`,
      base64Part("QQ=="),
    ]),
  ],
  [
    "headers that were sent back",
    mail(["Content-Type: text/rfc822-headers\r\n\r\nContent-Transfer-Encoding: base64", QUOTED]),
  ],
  ["blank lines behind base64", mail([base64Part("QQ==\r\n\r\n \r\n")])],
  ["a CR alone where nothing is encoded", "Subject: x\r\n\r\none\rtwo\r\n"],
])("%s is nothing to object to, with either line end, however it comes", (_what, text) => {
  for (const pieceBytes of [1, 7, 65_536].filter((each) => each * 50_000 > text.length)) {
    expect(look(text, undefined, pieceBytes), `CRLF by ${pieceBytes}`).toBeUndefined();
    expect(look(text.replaceAll("\r\n", "\n"), undefined, pieceBytes), `LF by ${pieceBytes}`).toBeUndefined();
  }
});

const PADDED = `${BASE64.slice(0, 40)}==${BASE64.slice(40)}`;

test.each<[string, string, string]>([
  ["CRs alone", attach(BYTES).replaceAll("\r\n", "\r"), "Mail.LineEnds"],
  ["one CR alone", attach(BYTES).replace("Hello,\r\n", "Hello,\r"), "Mail.LineEnds"],
  ["a CR alone at the end", `${attach(BYTES).trimEnd()}\r`, "Mail.LineEnds"],
  ["padding in a line of base64", mail([base64Part(PADDED)]), "Mail.Base64"],
  ["padding between lines", mail([base64Part(`QQ==\r\n${BASE64}`)]), "Mail.Base64"],
  ["padding in a part of a mail in a mail", mail([FORWARDED.replace(BASE64, PADDED)]), "Mail.Base64"],
  [
    "padding under an encoding on a line of its own",
    mail([base64Part(PADDED).replace("g: b", "g:\r\n b")]),
    "Mail.Base64",
  ],
  [
    "padding before what is the boundary of no part around",
    mail([base64Part(`QQ==\r\n--yy\r\n\r\n${BASE64}`)]),
    "Mail.Base64",
  ],
  [
    "a mail in base64",
    mail([base64Part(base64Lines(Buffer.from(attach(BYTES))), "message/rfc822")]),
    "Mail.Message",
  ],
  ["a header without an end", `Content-Type: text/plain;${"\r\n x=y;".repeat(4000)}\r\n\r\n`, "Mail.Header"],
  ["parts in parts in parts", "Content-Type: multipart/mixed; boundary=b\r\n\r\n".repeat(101), "Mail.Depth"],
])("%s is found", (_what, text, fault) => {
  for (const pieceBytes of [7, 100_000]) expect(look(text, undefined, pieceBytes)).toBe(fault);
});

test("what is said to be a text is looked at where it begins as a mail does, and nothing else is", () => {
  const unclear = mail([base64Part(PADDED)]);
  expect(look(unclear, "text/plain")).toBe("Mail.Base64");
  expect(look(`notes\n${unclear}`, "text/plain")).toBeUndefined();
  expect(look(unclear, "application/zip")).toBeUndefined();
});
