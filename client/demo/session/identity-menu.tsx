import { Choice } from "../shell/choice.tsx";
import { useTexts } from "../texts/use-texts.ts";
import { IDENTITIES, type Identity, identityOf, keyOf, TENANT_NAMES } from "./identities.ts";

const TENANTS = [...new Set(IDENTITIES.map(({ tenant }) => tenant))];

interface IdentityMenuProps {
  readonly identity: Identity;
  readonly onChange: (identity: Identity) => void;
}

/** Who looks at the page, and for which tenant. */
export function IdentityMenu({ identity, onChange }: IdentityMenuProps) {
  const { shell: texts } = useTexts();
  const groups = TENANTS.map((tenant) => {
    const label = TENANT_NAMES[tenant] ?? tenant;
    const members = IDENTITIES.filter((each) => each.tenant === tenant);
    return {
      label,
      options: members.map((each) => ({ value: keyOf(each), label: `${each.name}, ${label}` })),
    };
  });
  return (
    <Choice
      label={texts.signedInAs}
      value={keyOf(identity)}
      options={[]}
      groups={groups}
      onChoose={(key) => onChange(identityOf(key))}
    />
  );
}
