import { ENCRYPTED_SENTENCE, isEncrypted } from "#contract/encrypted-content.ts";
import { AppError } from "#contract/errors.ts";

/** Why bytes can't be of the declared type, in a sentence, or undefined when they can. */
export type SniffCheck = (
  head: Uint8Array,
  declaredType: string,
  isWhole: boolean,
) => Promise<string | undefined>;

/** Looks at a file's first bytes. Throws `FILE_TYPE_MISMATCH` and `CONTENT_ENCRYPTED`. */
export async function requireContent(
  check: SniffCheck,
  head: Uint8Array,
  declaredType: string,
  isWhole: boolean,
): Promise<void> {
  const detail = await check(head, declaredType, isWhole);
  if (detail !== undefined) throw new AppError("FILE_TYPE_MISMATCH", { detail });
  if (isEncrypted(head)) throw new AppError("CONTENT_ENCRYPTED", { detail: ENCRYPTED_SENTENCE });
}
