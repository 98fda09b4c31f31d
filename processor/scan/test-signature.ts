import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * The EICAR test file, which every scanner recognises and which harms nothing (https://www.eicar.org). It is put
 * together here so that neither it nor its hex is in the source: scanners on developers' machines would remove that.
 */
export function buildTestFile(): Buffer {
  const pieces = ["X5O!P%@AP[4\\PZX5", "4(P^)7CC)7}", "$EICAR-STANDARD-", "ANTIVIRUS-", "TEST-FILE!$H+H*"];
  return Buffer.from(pieces.join(""), "ascii");
}

/**
 * Makes `directory` a signature database that knows the test file and nothing else, for a machine that has none of
 * ClamAV's own. It protects nobody: whoever uses it must say so loudly.
 */
export async function writeTestSignature(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "local.ndb"), `Local.Test.EICAR:0:*:${buildTestFile().toString("hex")}\n`);
}
