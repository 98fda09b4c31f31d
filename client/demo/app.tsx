import { useEffect, useState } from "react";
import { Redirect, Route, Router, Switch } from "wouter";
import { useHashLocation } from "wouter/use-hash-location";
import { CausewayProvider } from "../react/index.ts";
import { FailedJobsPage } from "./admin/failed-jobs-page.tsx";
import { QuarantinePage } from "./admin/quarantine-page.tsx";
import { ContactPage } from "./contacts/contact-page.tsx";
import { ContactsPage } from "./contacts/contacts-page.tsx";
import { FilePage } from "./files/file-page.tsx";
import { FilesPage } from "./files/files-page.tsx";
import { RunningUploads } from "./files/running-uploads.tsx";
import { SharedPage } from "./files/shared-page.tsx";
import { TrashPage } from "./files/trash-page.tsx";
import { LineNote } from "./line/line-note.tsx";
import type { Line } from "./line/line.ts";
import type { Session } from "./session/session.ts";
import { SignIn } from "./session/sign-in.tsx";
import { useSession } from "./session/use-session.ts";
import { VisitorContext } from "./session/visitor.ts";
import { Navigation } from "./shell/navigation.tsx";
import { NotFound } from "./shell/not-found.tsx";
import { keepSettings, readSettings, type Settings } from "./shell/settings.ts";
import { TopBar } from "./shell/top-bar.tsx";
import { usePageFocus } from "./shell/use-page-focus.ts";
import { de } from "./texts/de.ts";
import { en } from "./texts/en.ts";
import { TextsContext } from "./texts/use-texts.ts";

const TEXTS = { en, de };

/** The whole demo: a small CRM whose files are Causeway's. */
export function App({ line }: { readonly line: Line }) {
  const [session, signIn] = useSession(line);
  const [settings, setSettings] = useState(readSettings);
  useLook(settings);
  const changeSettings = (changed: Settings) => {
    keepSettings(changed);
    setSettings(changed);
  };
  const texts = TEXTS[settings.language];
  const provider = { language: settings.language, ...(settings.theme && { theme: settings.theme }) };
  const { identity, client } = session;
  return (
    <TextsContext value={texts}>
      <Router hook={useHashLocation}>
        <CausewayProvider {...provider} client={client}>
          <a className="skip" href="#main" onClick={skip}>
            {texts.shell.skip}
          </a>
          <TopBar
            identity={identity}
            onIdentity={signIn}
            line={line}
            settings={settings}
            onSettings={changeSettings}
          />
          <LineNote line={line} />
          <VisitorContext value={{ identity, client, provider }}>
            <Visit key={`${identity.tenant}/${identity.user}`} session={session} />
          </VisitorContext>
        </CausewayProvider>
      </Router>
    </TextsContext>
  );
}

/** The address has the page's place behind its "#": there the focus goes by hand. */
function skip(event: { preventDefault(): void }): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function useLook({ language, theme }: Settings): void {
  useEffect(() => {
    document.documentElement.lang = language;
    if (theme === undefined) delete document.documentElement.dataset["cwTheme"];
    else document.documentElement.dataset["cwTheme"] = theme;
  }, [language, theme]);
}

/** What one person sees: the pages, or where to bring a token. */
function Visit({ session }: { readonly session: Session }) {
  const [needsToken, setNeedsToken] = useState(false);
  useEffect(() => {
    let isShown = true;
    void session.needsToken.then((needed) => {
      if (isShown) setNeedsToken(needed);
    });
    return () => {
      isShown = false;
    };
  }, [session]);
  const takeToken = (token: string) => {
    session.useToken(token);
    setNeedsToken(false);
  };
  return (
    <>
      <RunningUploads />
      <div className="frame">
        <Navigation identity={session.identity} />
        <main id="main" tabIndex={-1}>
          {needsToken ? <SignIn onToken={takeToken} /> : <Pages />}
        </main>
      </div>
    </>
  );
}

function Pages() {
  usePageFocus();
  return (
    <Switch>
      <Route path="/contacts" component={ContactsPage} />
      <Route path="/contacts/:id">{({ id }) => <ContactPage id={id} />}</Route>
      <Route path="/files">
        <FilesPage key="newest" />
      </Route>
      <Route path="/files/largest">
        <FilesPage key="largest" isLargestFirst />
      </Route>
      <Route path="/files/:id">{({ id }) => <FilePage key={id} id={id} />}</Route>
      <Route path="/shared" component={SharedPage} />
      <Route path="/trash" component={TrashPage} />
      <Route path="/quarantine" component={QuarantinePage} />
      <Route path="/failed-jobs" component={FailedJobsPage} />
      <Route path="/">
        <Redirect to="/contacts" replace />
      </Route>
      <Route component={NotFound} />
    </Switch>
  );
}
