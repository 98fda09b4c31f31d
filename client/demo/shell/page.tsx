import { type ReactNode, useEffect } from "react";
import { useTexts } from "../texts/use-texts.ts";

interface PageProps {
  readonly title: ReactNode;
  /** The title in words, where it isn't a text. */
  readonly name?: string;
  readonly note?: ReactNode;
  readonly above?: ReactNode;
  readonly before?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** One page of the demo: its heading, and what is on it. */
export function Page({ title, name, note, above, before, actions, children }: PageProps) {
  const { shell: texts } = useTexts();
  const words = name ?? (typeof title === "string" ? title : texts.demo);
  useEffect(() => {
    document.title = `${words} · ${texts.product}`;
  }, [words, texts]);
  return (
    <>
      {above !== undefined && <p className="page-above">{above}</p>}
      <header className="page-head">
        {before}
        <div className="page-title">
          <h1 tabIndex={-1}>{title}</h1>
          {note !== undefined && <p className="muted">{note}</p>}
        </div>
        {actions !== undefined && <div className="page-actions">{actions}</div>}
      </header>
      {children}
    </>
  );
}
