import { acceptedTypes } from "../../../../worker/contract/file-types.ts";

export const TEXT_TYPES = [
  "text/plain",
  "text/csv",
  "text/tab-separated-values",
  "text/markdown",
  "text/calendar",
  "text/vcard",
  "message/rfc822",
  "application/json",
];

export const ALLOWED_TYPES = acceptedTypes().map(({ mimeType }) => mimeType);

/** What is said of a file that is not what it is declared to be. */
export function refusal(declaredType: string, found = "something else"): string {
  return `The file says it is ${declaredType}, but its content is ${found}.`;
}
