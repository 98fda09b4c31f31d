import { useMemo } from "react";
import { Link } from "wouter";
import { CausewayProvider, FileUploader, UploadErrorBoundary } from "../../react/index.ts";
import { FilesPanel } from "../files/files-panel.tsx";
import { MAKE_ROOM } from "../files/make-room.ts";
import { useVisitor } from "../session/visitor.ts";
import { NotFound } from "../shell/not-found.tsx";
import { Page } from "../shell/page.tsx";
import { useTexts } from "../texts/use-texts.ts";
import { Avatar } from "./avatar.tsx";
import { ContactDetails } from "./contact-details.tsx";
import { type Contact, contactsOf, entityOf } from "./contacts.ts";
import { useClearing } from "./use-clearing.ts";
import { useNames } from "./use-names.ts";

/** A contact with what is attached: the components as a customer embeds them. */
export function ContactPage({ id }: { readonly id: string }) {
  const { identity } = useVisitor();
  const contact = contactsOf(identity.tenant).find((each) => each.id === id);
  return contact === undefined ? <NotFound /> : <ContactCard key={id} contact={contact} />;
}

function ContactCard({ contact }: { readonly contact: Contact }) {
  const { contact: texts } = useTexts();
  const { name, role } = contact;
  return (
    <Page
      title={<bdi>{name}</bdi>}
      name={name}
      note={role}
      before={<Avatar name={name} />}
      above={<Link href="/contacts">{texts.back}</Link>}
    >
      <div className="contact-columns">
        <Attachments contact={contact} />
        <ContactDetails contact={contact} />
      </div>
    </Page>
  );
}

function Attachments({ contact }: { readonly contact: Contact }) {
  const { client, provider } = useVisitor();
  const { contact: texts } = useTexts();
  const entity = useMemo(() => entityOf(contact), [contact]);
  // What colleagues attach is told of the contact, not of the user.
  const ofContact = useMemo(() => ({ ...client, live: client.liveOf(entity) }), [client, entity]);
  const names = useNames();
  const onSettled = useClearing(ofContact, entity);
  return (
    <CausewayProvider {...provider} client={ofContact}>
      <section className="card attachments" aria-labelledby="attachments-title">
        <h2 id="attachments-title">{texts.attachments}</h2>
        <UploadErrorBoundary>
          <FileUploader meta={entity} cleanUpHref={MAKE_ROOM} onSettled={onSettled} {...names} />
        </UploadErrorBoundary>
        <FilesPanel query={entity} label={texts.list} />
      </section>
    </CausewayProvider>
  );
}
