import { useMemo } from "react";
import { Link } from "wouter";
import { Icon } from "../../react/icons/icon.tsx";
import { Button } from "../../react/ui/button.tsx";
import { useVisitor } from "../session/visitor.ts";
import { Page } from "../shell/page.tsx";
import { useTexts } from "../texts/use-texts.ts";
import { Avatar } from "./avatar.tsx";
import { contactsOf } from "./contacts.ts";
import { useCounts } from "./use-counts.ts";

/** The tenant's contacts. */
export function ContactsPage() {
  const { identity } = useVisitor();
  const { contact: texts } = useTexts();
  const contacts = useMemo(() => contactsOf(identity.tenant), [identity.tenant]);
  const counts = useCounts(contacts);
  return (
    <Page title={texts.title}>
      <div role="status">
        {counts.isMissing && (
          <div className="cw-notice page-notice" data-tone="danger">
            <Icon name="warning" />
            <p>{texts.uncounted(counts.files.size > 0)}</p>
            <Button onClick={counts.retry}>{texts.again}</Button>
          </div>
        )}
      </div>
      <ul className="card contact-list">
        {contacts.map(({ id, name, role }) => (
          <li key={id}>
            <Link href={`/contacts/${id}`} className="contact-link">
              <Avatar name={name} />
              <span className="contact-words">
                <bdi className="contact-name">{name}</bdi>
                <span className="muted">{role}</span>
              </span>
              <bdi className="muted contact-count">{texts.count(counts.files.get(id))}</bdi>
            </Link>
          </li>
        ))}
      </ul>
    </Page>
  );
}
