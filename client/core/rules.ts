import { endingsOf, extensionOf } from "#contract/endings.ts";
import type { Problem } from "#contract/errors.ts";
import type { UploadRulesResponse } from "#contract/upload-rules.ts";

/** What is looked at before a file is sent. */
export type Candidate = Pick<File, "name" | "type" | "size">;

/** A file that isn't sent, because the server would refuse it. */
export class RefusedByRules extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.code);
    this.problem = problem;
  }
}

const TITLES = {
  FILE_TYPE_REFUSED: [415, "Files of this type are not accepted"],
  FILE_TOO_LARGE: [413, "The file is too large"],
  QUOTA_EXCEEDED: [403, "The tenant's quota has no room for this"],
} as const;

/** As the server would answer, with what is accepted beside: by the same codes, so that nobody has to tell them apart. */
function refusal(code: keyof typeof TITLES, detail: string, members: object = {}): Problem {
  const [status, title] = TITLES[code];
  return { type: "about:blank", title, status, code, detail, ...members };
}

function dotted(extensions: readonly string[]): string {
  return extensions.map((each) => `.${each}`).join(", ");
}

type AcceptedType = UploadRulesResponse["types"][number];

/** The types that it may be: the declared one, or else those that have its ending. */
function typesOf(rules: UploadRulesResponse, { name, type }: Candidate): readonly AcceptedType[] {
  const bare = (type.split(";", 1)[0] ?? "").trim().toLowerCase();
  const isTold = bare !== "" && bare !== "application/octet-stream";
  const ending = extensionOf(name);
  return rules.types.filter((each) => (isTold ? each.mimeType === bare : each.extensions.includes(ending)));
}

function refuseType(rules: UploadRulesResponse, detail: string): Problem {
  const accepted = [...new Set(rules.types.flatMap(({ extensions }) => extensions))];
  return refusal("FILE_TYPE_REFUSED", `${detail} Accepted are ${dotted(accepted)}.`, { accepted });
}

/**
 * Why the server won't take a file, by its own rules (`GET /v1/upload-rules`). Undefined also where that isn't certain: then
 * the server says it.
 */
export function refusalOf(rules: UploadRulesResponse, file: Candidate): Problem | undefined {
  const blocked = endingsOf(file.name).find((ending) => rules.blockedExtensions.includes(ending));
  if (blocked !== undefined) return refuseType(rules, `Files ending in ".${blocked}" are not accepted.`);
  const types = typesOf(rules, file);
  if (types.length === 0) return refuseType(rules, `"${file.name}" is of no accepted type.`);
  const ending = extensionOf(file.name);
  const fits = types.some(({ extensions }) => extensions.length === 0 || extensions.includes(ending));
  if (ending !== "" && !file.name.startsWith(".") && !fits) {
    const accepted = types.flatMap(({ extensions }) => extensions);
    const detail = `Files of this type end in ${dotted(accepted)}, not in ".${ending}".`;
    return refusal("FILE_TYPE_REFUSED", detail, { accepted });
  }
  const maxSizeBytes = Math.max(...types.map(({ fileClass }) => rules.maxBytes[fileClass] ?? Infinity));
  if (file.size > maxSizeBytes) {
    const detail = `A file of this kind may be ${maxSizeBytes} bytes at most.`;
    return refusal("FILE_TOO_LARGE", detail, { maxSizeBytes });
  }
  const { availableBytes } = rules;
  if (file.size <= availableBytes) return undefined;
  return refusal("QUOTA_EXCEEDED", `${availableBytes} bytes are left.`, { availableBytes });
}
