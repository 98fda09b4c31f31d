import { Autocomplete } from "@base-ui/react/autocomplete";
import { type SubmitEvent, useId, useState } from "react";
import type { Share, SharePermission } from "#contract/sharing.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { ChoiceButton } from "../ui/choice-button.tsx";
import { useRootProps } from "../ui/root.tsx";
import { useShared, useTexts } from "../use-client.ts";
import type { SharesView } from "./use-shares.ts";

/** Somebody of the tenant's. */
export interface Person {
  readonly id: string;
  readonly name: string;
}

const PERMISSIONS = ["view", "download", "delete"] as const satisfies readonly SharePermission[];

interface SharePeopleProps {
  readonly shares: readonly Share[];
  readonly people: readonly Person[];
  readonly view: SharesView;
}

function nameIn(people: readonly Person[], userId: string): string {
  return people.find(({ id }) => id === userId)?.name ?? userId;
}

/** Whoever is called so, else the text as a user's id. */
function userOf(people: readonly Person[], text: string): string {
  const wanted = text.trim();
  const same = people.find(({ name, id }) => name.toLowerCase() === wanted.toLowerCase() || id === wanted);
  return same?.id ?? wanted;
}

export function SharePeople({ shares, people, view }: SharePeopleProps) {
  const { share: texts, timeline } = useTexts();
  const [nowMs] = useState(Date.now);
  const options = PERMISSIONS.map((each) => [each, texts.permissions[each]] as const);
  return (
    <section className="cw-share-section">
      <h3>{texts.people}</h3>
      <AddPerson people={people} view={view} />
      {shares.length === 0 && <p className="cw-file-minor">{texts.notShared}</p>}
      <ul className="cw-share-list">
        {shares.map(({ userId, permission, expiresAt }) => {
          const name = nameIn(people, userId);
          return (
            <li key={userId}>
              <span className="cw-share-name" dir="auto">
                {name}
                {expiresAt !== null && (
                  <span className="cw-file-minor cw-share-until">
                    {texts.until(timeline.at(new Date(expiresAt), nowMs))}
                  </span>
                )}
              </span>
              <ChoiceButton
                label={texts.permissionOf(name)}
                value={permission}
                isOn
                options={options}
                onChoice={(next) => void view.share(userId, name, next)}
              />
              <IconButton
                icon="close"
                label={texts.remove}
                name={texts.removePerson(name)}
                onClick={() => void view.unshare(userId, name)}
              />
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function AddPerson({ people, view }: Pick<SharePeopleProps, "people" | "view">) {
  const { share: texts } = useTexts();
  const fieldId = useId();
  const [text, setText] = useState("");
  const [permission, setPermission] = useState<SharePermission>("download");
  const add = async (event: SubmitEvent) => {
    event.preventDefault();
    const userId = userOf(people, text);
    if (userId !== "" && (await view.share(userId, nameIn(people, userId), permission))) setText("");
  };
  return (
    <form className="cw-share-add" onSubmit={(event) => void add(event)}>
      <label htmlFor={fieldId}>{texts.person}</label>
      <div className="cw-field-row">
        <PersonField fieldId={fieldId} people={people} text={text} onText={setText} />
        <ChoiceButton
          label={texts.permission}
          value={permission}
          isOn
          options={PERMISSIONS.map((each) => [each, texts.permissions[each]] as const)}
          onChoice={setPermission}
        />
        <Button type="submit" look="accent">
          {texts.addPerson}
        </Button>
      </div>
    </form>
  );
}

interface PersonFieldProps {
  readonly fieldId: string;
  readonly people: readonly Person[];
  readonly text: string;
  readonly onText: (text: string) => void;
}

/** Offers those whose names have what is typed; any other id can be typed too. */
function PersonField({ fieldId, people, text, onText }: PersonFieldProps) {
  const { share: texts } = useTexts();
  const root = useRootProps();
  const { language } = useShared();
  return (
    <Autocomplete.Root
      items={people}
      itemToStringValue={({ name }) => name}
      value={text}
      onValueChange={onText}
    >
      <Autocomplete.Input
        id={fieldId}
        className="cw-input"
        placeholder={texts.personHint}
        dir="auto"
        autoComplete="off"
        maxLength={200}
      />
      <Autocomplete.Portal>
        <Autocomplete.Positioner className="cw-positioner" sideOffset={4}>
          <Autocomplete.Popup lang={language} {...root} className={`${root.className} cw-menu`}>
            <Autocomplete.List>
              {(person: Person) => (
                <Autocomplete.Item key={person.id} value={person} className="cw-menu-item">
                  {person.name}
                </Autocomplete.Item>
              )}
            </Autocomplete.List>
          </Autocomplete.Popup>
        </Autocomplete.Positioner>
      </Autocomplete.Portal>
    </Autocomplete.Root>
  );
}
