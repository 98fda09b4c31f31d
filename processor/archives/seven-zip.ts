import type { Sandbox, SandboxLimits } from "../sandbox/sandbox.ts";
import type { ScratchCopy } from "../scratch-copy.ts";

/**
 * Whether a 7z is packed by methods that the scanner unpacks. It was seen to answer OK to malware behind all others, which
 * 7-Zip extracts; a chain counts by its links. 7-Zip itself says what an archive has, for its header is packed too.
 */

const METHODS: ReadonlySet<string> = new Set(["LZMA", "LZMA2", "PPMD", "Copy", "BCJ", "ARM", "7zAES"]);
export const SEVEN_ZIP_SCRATCH_BYTES = 2 ** 20;
const LIMITS: SandboxLimits = {
  ...{ timeMs: 20_000, memoryBytes: 2 ** 30, fileBytes: 0 },
  ...{ scratchBytes: SEVEN_ZIP_SCRATCH_BYTES, processes: 16 },
};
const MAGIC = Buffer.from("377abcaf271c", "hex");

export const SEVEN_ZIP_TYPE = "application/x-7z-compressed";

export function startsAsSevenZip(bytes: Buffer): boolean {
  return bytes.subarray(0, MAGIC.length).equals(MAGIC);
}

/** The name of what is wrong with a 7z; undefined where nothing is. */
export async function findSevenZipFault(
  sandbox: Sandbox,
  { scratch, path }: ScratchCopy,
  sizeBytes: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  // A password that isn't any, or it would ask for one where the header is encrypted too.
  const listed = await sandbox.run(["7z", "l", "-slt", "-p-", "-t7z", "--", path], scratch, LIMITS, signal);
  if (!listed.ok) return "SevenZip.NotLookedAt";
  const { "Physical Size": lengthBytes, Offset: offset, Method: methods = "" } = readHeader(listed.stdout);
  // What is before or behind the archive is another's to some tools.
  if (offset !== undefined || Number(lengthBytes) !== sizeBytes) return "SevenZip.AfterEnd";
  const names = methods.split(" ").filter((method) => method !== "");
  return names.every((name) => METHODS.has(name.split(":", 1)[0] ?? "")) ? undefined : "SevenZip.Method";
}

/** What is told of the archive itself, before its entries: those have names that anybody may choose. */
function readHeader(listing: string): Readonly<Record<string, string>> {
  const [, header = ""] = /\n--\n([\s\S]*?)\n\n/.exec(listing) ?? [];
  const lines = header.split("\n").map((line) => line.split(" = ", 2));
  return Object.fromEntries(lines.map(([name = "", value = ""]) => [name, value]));
}
