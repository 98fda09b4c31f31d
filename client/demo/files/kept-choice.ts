import type { FileListProps } from "../../react/index.ts";

type Choice = NonNullable<FileListProps["initialChoice"]>;

/** Of this page's entry in the browser's history: whoever comes back by it finds what they had looked for. */
export function keptChoice(): Choice | undefined {
  const state = history.state as { readonly choice?: Choice } | null;
  return state?.choice;
}

export function keepChoice(choice: Choice): void {
  const state = history.state as object | null;
  history.replaceState({ ...state, choice }, "");
}
