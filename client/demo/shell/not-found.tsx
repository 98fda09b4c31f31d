import { Link } from "wouter";
import { useTexts } from "../texts/use-texts.ts";
import { Page } from "./page.tsx";

export function NotFound() {
  const { shell: texts } = useTexts();
  return (
    <Page title={texts.notFound}>
      <Link href="/contacts">{texts.toStart}</Link>
    </Page>
  );
}
