import type { Caller } from "../api.ts";
import { append, createUpload, fileIdOf } from "../api.ts";
import type { FaultyStack } from "./stack.ts";

const MIB = 1024 * 1024;

/** Goes on with an upload whose parts the store has dropped: with its last bytes, which can't be joined to any. */
export async function loseUpload(
  stack: FaultyStack,
  caller: Caller,
): Promise<{ readonly location: string; readonly sizeBytes: number; readonly answer: Response }> {
  const bytes = Buffer.alloc(11 * MIB, "lost ");
  const location = await createUpload(caller, bytes.byteLength);
  await append(caller, location, 0, bytes.subarray(0, 8 * MIB));
  const inspect = { tenantId: caller.tenantId, fileId: fileIdOf(location) };
  const { rows } = await stack.control({ inspect });
  if (!rows?.multipart) throw new Error("Nothing was stored in parts.");
  await stack.dropMultipart(rows.multipart);
  const answer = await append(caller, location, 8 * MIB, bytes.subarray(8 * MIB));
  return { location, sizeBytes: bytes.byteLength, answer };
}
