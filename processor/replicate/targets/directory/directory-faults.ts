import { ReplicaFault, type ReplicaFaultKind } from "../../replica-fault.ts";

const KINDS: Readonly<Record<string, ReplicaFaultKind>> = {
  ENOENT: "missing-bucket",
  ENOTDIR: "missing-bucket",
  EACCES: "credentials",
  EPERM: "credentials",
  EROFS: "credentials",
  ENOSPC: "full",
  EDQUOT: "full",
  EFBIG: "full",
};

/** What a file system's error means. Its message has the path in it, which no log gets. */
export function explainDirectory(error: unknown): ReplicaFault {
  const code = codeOf(error) ?? "no code";
  return new ReplicaFault(KINDS[code] ?? "unavailable", { detail: code, cause: error });
}

export function isMissing(error: unknown): boolean {
  return codeOf(error) === "ENOENT";
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
