import { useState } from "react";
import { useLocation } from "wouter";
import { useClient } from "../../react/index.ts";
import { ConfirmDialog } from "../../react/ui/confirm-dialog.tsx";
import { Choice } from "../shell/choice.tsx";
import { useTexts } from "../texts/use-texts.ts";
import { IDENTITIES, type Identity, identityOf, keyOf, TENANT_NAMES } from "./identities.ts";

const TENANTS = [...new Set(IDENTITIES.map(({ tenant }) => tenant))];

/** The address of one contact or file, below that of all. */
const OF_ONE = /^(\/contacts|\/files)\/./;

interface IdentityMenuProps {
  readonly identity: Identity;
  readonly onChange: (identity: Identity) => void;
}

/** Who looks at the page, and for which tenant; asks first where that stops uploads. */
export function IdentityMenu({ identity, onChange }: IdentityMenuProps) {
  const { shell, uploads: texts } = useTexts();
  const { uploads } = useClient();
  const [asked, setAsked] = useState<{ readonly next: Identity; readonly underWay: number }>();
  const [here, navigate] = useLocation();
  const signIn = (next: Identity) => {
    // No contact or file of one tenant is another's.
    const [, list] = OF_ONE.exec(here) ?? [];
    if (next.tenant !== identity.tenant && list !== undefined) navigate(list);
    onChange(next);
  };
  const groups = TENANTS.map((tenant) => {
    const label = TENANT_NAMES[tenant] ?? tenant;
    const members = IDENTITIES.filter((each) => each.tenant === tenant);
    return {
      label,
      options: members.map((each) => ({ value: keyOf(each), label: `${each.name}, ${label}` })),
    };
  });
  const choose = (key: string) => {
    const next = identityOf(key);
    const { running, waiting } = uploads.totals;
    if (running + waiting === 0) signIn(next);
    else setAsked({ next, underWay: running + waiting });
  };
  const answer = (isConfirmed: boolean) => {
    setAsked(undefined);
    if (isConfirmed && asked !== undefined) signIn(asked.next);
  };
  return (
    <>
      {asked !== undefined && (
        <ConfirmDialog
          title={texts.switchTitle(asked.underWay)}
          keep={texts.switchKeep}
          confirm={texts.switchConfirm(asked.next.name)}
          onAnswer={answer}
        >
          <p>{texts.switchBody(identity.name)}</p>
        </ConfirmDialog>
      )}
      <Choice
        label={shell.signedInAs}
        value={keyOf(identity)}
        options={[]}
        groups={groups}
        onChoose={choose}
      />
    </>
  );
}
