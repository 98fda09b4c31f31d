import { type ReactNode, useEffect, useRef } from "react";
import { Link, useRoute } from "wouter";
import { BlockedCount } from "../admin/blocked-count.tsx";
import type { Identity } from "../session/identities.ts";
import { useTexts } from "../texts/use-texts.ts";

interface Place {
  readonly href: string;
  readonly label: string;
  /** How many wait there. */
  readonly count?: ReactNode;
}

function Entry({ href, label, count }: Place) {
  const [isHere] = useRoute(href);
  const [isWithin] = useRoute(`${href}/*`);
  const isCurrent = isHere || isWithin;
  const entry = useRef<HTMLLIElement>(null);
  // On a phone the places are wider than the screen.
  useEffect(() => {
    if (isCurrent) entry.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [isCurrent]);
  return (
    <li ref={entry}>
      <Link href={href} aria-current={isHere ? "page" : isWithin ? "true" : undefined}>
        {label}
        {count}
      </Link>
    </li>
  );
}

/** The CRM's places; those for admins where an admin looks. */
export function Navigation({ identity }: { readonly identity: Identity }) {
  const { shell: texts } = useTexts();
  const places: readonly Place[] = [
    { href: "/contacts", label: texts.contacts },
    { href: "/files", label: texts.files },
    { href: "/shared", label: texts.shared },
    { href: "/trash", label: texts.trash },
  ];
  const forAdmins: readonly Place[] = [
    { href: "/quarantine", label: texts.quarantine, count: <BlockedCount /> },
    { href: "/failed-jobs", label: texts.failedJobs },
  ];
  return (
    <nav className="navigation" aria-label={texts.navigation}>
      <ul>
        {[...places, ...(identity.role === "admin" ? forAdmins : [])].map((place) => (
          <Entry key={place.href} {...place} />
        ))}
        <li>
          <a href="/docs">{texts.reference}</a>
        </li>
      </ul>
    </nav>
  );
}
