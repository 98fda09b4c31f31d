import type { ProcessJob } from "#contract/jobs.ts";
import type { Inspection } from "../inspect.ts";
import { unscannable } from "../scan/verdict.ts";
import { NOT_AS_DECLARED } from "../types.ts";
import type { ReadKind } from "./content-protocol.ts";
import type { Findings } from "./findings.ts";
import { isCompoundType, isOpenXmlType, isZipDocument } from "./types.ts";

/** What is looked into: by a reader of our own, or by a tool. */
export type Kind = ReadKind | "pdf";

/** The "signatures" of documents with macros under the type of those without, and of what needs a password. */
const MACROS_NOT_DECLARED = "Type.MacrosNotDeclared";
const ENCRYPTED = "Encrypted.Document";
const MACRO_TYPE = /\.macroenabled\./;

/** What is clean stays so only if it is the document that it was said to be, and one that can be read. */
export function judgeDocument(
  { declaredType }: ProcessJob,
  inspection: Inspection,
  kind: Kind | undefined,
  findings: Findings,
): Inspection {
  const told = { ...inspection, sniffedType: findings.type ?? inspection.sniffedType };
  const fault = findings.isEncrypted === true ? ENCRYPTED : faultOf(declaredType, kind, findings);
  return fault === undefined ? told : { ...told, ...unscannable(fault) };
}

function faultOf(declaredType: string, kind: Kind | undefined, findings: Findings): string | undefined {
  // Of Office Open XML only what is under a password is one.
  if (kind === "compound" && isOpenXmlType(declaredType)) return NOT_AS_DECLARED;
  if (findings.isUnseen === true) return undefined;
  if (kind === "zip") return zipFaultOf(declaredType, findings);
  const isOther = kind === "compound" && findings.type !== declaredType;
  return isOther && isCompoundType(declaredType) ? NOT_AS_DECLARED : undefined;
}

/** One whose type can't be told isn't what it was said to be either: programs save none that hides it. */
function zipFaultOf(declaredType: string, { type }: Findings): string | undefined {
  if (!isZipDocument(declaredType) || type === declaredType) return undefined;
  return type !== undefined && MACRO_TYPE.test(type) ? MACROS_NOT_DECLARED : NOT_AS_DECLARED;
}
