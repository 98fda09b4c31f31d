import { chargeOf } from "#contract/charges.ts";
import { checkFile, type FileRefusal } from "#contract/file-checks.ts";
import { acceptedTypes, CLASS_LIMIT_BYTES } from "#contract/file-types.ts";
import type { UploadRulesResponse } from "#contract/upload-rules.ts";
import type { PickedFile } from "./picked.ts";

/** Why a file isn't added: a rule of the server's, no room for it, or that it can't be read. */
export type Refusal =
  | { readonly kind: "rule"; readonly filename: string; readonly refusal: FileRefusal }
  | {
      readonly kind: "no-room";
      readonly filename: string;
      readonly pick: PickedFile;
      readonly neededBytes: number;
      readonly availableBytes: number;
    };

/** Until the server has told its rules, what is so for every tenant; it has the last word in any case. */
export const USUAL_LIMITS = CLASS_LIMIT_BYTES;

const usualTypes = new Map(acceptedTypes().map((type) => [type.mimeType, new Set(type.extensions)]));

/** What this tenant has beside the usual: few or none, and each file is looked up in them. */
function ownTypes({ types }: UploadRulesResponse): UploadRulesResponse["types"] {
  return types.filter(({ mimeType, extensions }) =>
    extensions.some((each) => usualTypes.get(mimeType)?.has(each) !== true),
  );
}

function endingOf(filename: string): string {
  const dot = filename.lastIndexOf(".");
  return dot < 0 ? "" : filename.slice(dot + 1).toLowerCase();
}

/** Whether two names end alike, or in two endings of one type. */
export function isOfSameKind(filename: string, other: string): boolean {
  const [ending, otherEnding] = [endingOf(filename), endingOf(other)];
  if (ending === otherEnding) return true;
  return [...usualTypes.values()].some((endings) => endings.has(ending) && endings.has(otherEnding));
}

/** Checks files against the rules, one after the other: each takes its room, unless that is the server's to say. */
export function createGate(
  rules: UploadRulesResponse | undefined,
  ignoresRoom: boolean,
): (pick: PickedFile) => Refusal | undefined {
  const overrides =
    rules === undefined
      ? {}
      : { maxBytes: rules.maxBytes, blockedExtensions: rules.blockedExtensions, extraTypes: ownTypes(rules) };
  const types = rules === undefined ? undefined : new Set(rules.types.map(({ mimeType }) => mimeType));
  let availableBytes = (ignoresRoom ? undefined : rules?.availableBytes) ?? Number.POSITIVE_INFINITY;
  return (pick) => {
    const { file } = pick;
    const check = checkFile(file.name, file.type, file.size, { overrides });
    if (!check.accepted) return { kind: "rule", filename: file.name, refusal: check };
    if (types?.has(check.mimeType) === false) {
      const detail = `Files of type ${check.mimeType} are not accepted.`;
      const refusal = { accepted: false, rule: "type-not-allowed", detail } as const;
      return { kind: "rule", filename: file.name, refusal };
    }
    const neededBytes = chargeOf(file.size);
    if (neededBytes > availableBytes)
      return { kind: "no-room", filename: file.name, pick, neededBytes, availableBytes };
    availableBytes -= neededBytes;
    return undefined;
  };
}
