import type { FileWarning } from "#contract/api.ts";

/**
 * What is to be said of a file that was taken all the same.
 * @param sizeBytes null while it isn't known
 * @param warnBytes from which size on the tenant wants files of this class to be told of
 */
export function warningsOf(sizeBytes: number | null, warnBytes: number | undefined): FileWarning[] {
  if (sizeBytes === null || warnBytes === undefined || sizeBytes <= warnBytes) return [];
  const detail = `Files of this kind are to have ${warnBytes} bytes at most; this one has ${sizeBytes}.`;
  return [{ code: "LARGE_FILE", detail }];
}
