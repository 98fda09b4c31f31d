import type { ReactNode } from "react";
import { useVisitor } from "../session/visitor.ts";
import { Page } from "../shell/page.tsx";
import { useTexts } from "../texts/use-texts.ts";

interface AdminsOnlyProps {
  readonly title: string;
  readonly children: ReactNode;
}

/** What is for admins; whoever isn't one is told so. The server refuses them all of it, whatever is shown. */
export function AdminsOnly({ title, children }: AdminsOnlyProps) {
  const { identity } = useVisitor();
  const { admin: texts } = useTexts();
  if (identity.role === "admin") return children;
  return (
    <Page title={title}>
      <section className="card">
        <p>{texts.membersOnly}</p>
        <p className="muted">{texts.membersHint}</p>
      </section>
    </Page>
  );
}
