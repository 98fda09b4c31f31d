import type { FileUploaderState } from "../hooks/use-file-uploader.ts";
import { useTexts } from "../use-client.ts";
import { Note } from "./note.tsx";

/** What was to be discarded is being sent by another tab. */
export function GoesOnElsewhere({ state }: { readonly state: FileUploaderState }) {
  const { uploader: texts } = useTexts();
  if (state.goesOnElsewhere === undefined) return undefined;
  return (
    <Note icon="upload" onDismiss={state.dismissElsewhere}>
      {texts.goesOnElsewhere(state.goesOnElsewhere)}
    </Note>
  );
}

export interface AllFiledProps {
  readonly state: FileUploaderState;
  /** Called before it goes, to keep the focus's place. */
  onDismiss(): void;
}

/** How many files a batch was, when nothing of it is shown any more. */
export function AllFiled({ state: { uploads, filed }, onDismiss }: AllFiledProps) {
  const { uploader: texts } = useTexts();
  if (uploads.length > 0 || filed.count === 0) return undefined;
  const dismiss = () => {
    onDismiss();
    filed.forget();
  };
  return (
    <Note icon="ready" onDismiss={dismiss}>
      {texts.filed(filed.count)}
    </Note>
  );
}
