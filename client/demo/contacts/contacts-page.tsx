import { Link } from "wouter";
import { useVisitor } from "../session/visitor.ts";
import { Page } from "../shell/page.tsx";
import { useTexts } from "../texts/use-texts.ts";
import { Avatar } from "./avatar.tsx";
import { contactsOf } from "./contacts.ts";

/** The tenant's contacts. */
export function ContactsPage() {
  const { identity } = useVisitor();
  const { contact: texts } = useTexts();
  return (
    <Page title={texts.title}>
      <ul className="card contact-list">
        {contactsOf(identity.tenant).map(({ id, name, role }) => (
          <li key={id}>
            <Link href={`/contacts/${id}`} className="contact-link">
              <Avatar name={name} />
              <span>
                <bdi className="contact-name">{name}</bdi>
                <span className="muted">{role}</span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </Page>
  );
}
