/** An answer as it came; field names are lower case, and of several lines of one name the last counts. */
export interface Answer {
  readonly status: number;
  readonly fields: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

interface Taken {
  readonly answer: Answer;
  /** What came after it. */
  readonly rest: Buffer;
}

const HEAD_END = "\r\n\r\n";

/**
 * The first final answer in what has been received, or undefined while it isn't all there. Interim ones are passed
 * over. Throws where it is no HTTP.
 * @param method of the request on the wire: HEAD's answers have no body, whatever they say
 */
export function takeAnswer(received: Buffer, method: string): Taken | undefined {
  const end = received.indexOf(HEAD_END);
  if (end === -1) return undefined;
  const [statusLine = "", ...lines] = received.subarray(0, end).toString("latin1").split("\r\n");
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1] ?? Number.NaN);
  if (Number.isNaN(status)) throw new Error(`This is no answer: ${statusLine}`);
  const rest = received.subarray(end + HEAD_END.length);
  if (status < 200) return takeAnswer(rest, method);
  const fields = new Map(lines.map(parseLine));
  const isBare = method === "HEAD" || status === 204 || status === 304;
  const body = isBare ? { body: Buffer.alloc(0), rest } : takeBody(fields, rest);
  return body && { answer: { status, fields, body: body.body }, rest: body.rest };
}

function parseLine(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

type Body = Pick<Answer, "body"> & Pick<Taken, "rest">;

function takeBody(fields: ReadonlyMap<string, string>, bytes: Buffer): Body | undefined {
  if (fields.get("transfer-encoding") === "chunked") return takeChunks(bytes, []);
  const length = Number(fields.get("content-length") ?? 0);
  if (bytes.byteLength < length) return undefined;
  return { body: bytes.subarray(0, length), rest: bytes.subarray(length) };
}

function takeChunks(bytes: Buffer, taken: readonly Buffer[]): Body | undefined {
  const lineEnd = bytes.indexOf("\r\n");
  if (lineEnd === -1) return undefined;
  const size = Number.parseInt(bytes.subarray(0, lineEnd).toString("latin1"), 16);
  const start = lineEnd + 2;
  const next = start + size + 2;
  if (bytes.byteLength < next) return undefined;
  if (size === 0) return { body: Buffer.concat(taken), rest: bytes.subarray(next) };
  return takeChunks(bytes.subarray(next), [...taken, bytes.subarray(start, start + size)]);
}
