import { createFilesClient, createUploader } from "../index.ts";
import { createAnnouncer } from "./announcer.ts";
import { Attachments } from "./attachments.ts";
import { createContactPage } from "./contact-page.ts";
import { requireElement } from "./dom.ts";
import { contactOf, type DemoIdentity, IDENTITIES } from "./identities.ts";
import { createSession, NoDevTokens, type Session } from "./session.ts";
import { createSignIn } from "./sign-in.ts";
import { fillTopbar } from "./topbar.ts";

const announce = createAnnouncer(requireElement("announcer"));

function openAttachments(identity: DemoIdentity, session: Session, signal: AbortSignal): Attachments {
  const { getToken } = session;
  const uploader = createUploader({
    endpoint: `${location.origin}/v1/uploads`,
    getToken,
    tenantId: identity.tenant,
    userId: identity.user,
  });
  signal.addEventListener("abort", () => uploader.dispose());
  return new Attachments({
    uploader,
    files: createFilesClient({ baseUrl: "", getToken }),
    entity: { entityType: "contact", entityId: contactOf(identity).id },
    userId: identity.user,
    isAdmin: identity.role === "admin",
    announce,
    signal,
  });
}

function showContact(identity: DemoIdentity, session: Session, signal: AbortSignal): void {
  const attachments = openAttachments(identity, session, signal);
  const page = requireElement("page");
  page.replaceChildren(...createContactPage(contactOf(identity), attachments.element));
  attachments.load().catch(() => {});
}

/** Whether the visitor has to bring a token; other failures show where they matter. */
async function needsToken(session: Session): Promise<boolean> {
  try {
    await session.getToken({ refresh: false });
    return false;
  } catch (error) {
    return error instanceof NoDevTokens;
  }
}

async function open(identity: DemoIdentity, signal: AbortSignal): Promise<void> {
  const session = createSession(identity);
  const mustSignIn = await needsToken(session);
  if (signal.aborted) return;
  if (!mustSignIn) {
    showContact(identity, session, signal);
    return;
  }
  const onToken = (token: string) => {
    session.paste(token);
    showContact(identity, session, signal);
  };
  requireElement("page").replaceChildren(createSignIn(onToken));
}

function start(): void {
  let shown = new AbortController();
  const show = (identity: DemoIdentity) => {
    // Ends what the page was doing for whoever was signed in before.
    shown.abort();
    shown = new AbortController();
    void open(identity, shown.signal);
  };
  fillTopbar(requireElement("topbar"), IDENTITIES[0], show);
  show(IDENTITIES[0]);
}

start();
