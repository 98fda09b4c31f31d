export type Operation =
  | "put"
  | "createMultipartUpload"
  | "uploadPart"
  | "complete"
  | "abort"
  | "head"
  | "get"
  | "delete";

/** What happens to the next calls of an operation: each entry is used up by one call, in order. */
export type Fault =
  | { readonly kind: "none" }
  /** The call isn't carried out and fails. */
  | { readonly kind: "fail" }
  /** The call is carried out and its answer lost. */
  | { readonly kind: "lose-answer" }
  /** The call waits until the test lets it go on (`release`). */
  | { readonly kind: "hold" };
