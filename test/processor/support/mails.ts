const BOUNDARY = "=_zz";

/** The base64 of bytes in lines of so many characters, as mail programs write it. */
export function base64Lines(bytes: Uint8Array, characters = 76): string {
  return (
    Buffer.from(bytes)
      .toString("base64")
      .match(new RegExp(`.{1,${characters}}`, "g")) ?? []
  ).join("\r\n");
}

/** A mail of parts, each with its headers. */
export function mail(parts: readonly string[], boundary = BOUNDARY): string {
  const head = [
    "From: a@example.com",
    "To: b@example.com",
    "Subject: minutes",
    "MIME-Version: 1.0",
    `Content-Type: multipart/mixed;\r\n boundary="${boundary}"`,
  ].join("\r\n");
  return `${head}\r\n\r\nA mail.\r\n${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join("")}--${boundary}--\r\n`;
}

export function base64Part(body: string, type = "application/zip; name=a.zip"): string {
  return `Content-Type: ${type}\r\nContent-Transfer-Encoding: base64\r\n\r\n${body}`;
}

/** A mail with bytes attached. */
export function attach(bytes: Uint8Array): string {
  return mail(["Content-Type: text/plain\r\n\r\nHello,\r\n-- \r\nA", base64Part(base64Lines(bytes))]);
}
