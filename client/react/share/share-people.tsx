import { Autocomplete } from "@base-ui/react/autocomplete";
import { type SubmitEvent, useId, useState } from "react";
import type { Share, SharePermission } from "#contract/sharing.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { ChoiceButton } from "../ui/choice-button.tsx";
import { directionOf } from "../ui/direction-of.ts";
import { useRootProps } from "../ui/root.tsx";
import { useShared } from "../use-client.ts";
import { SeenBy } from "./seen-by.tsx";
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
  /** What it is attached to, where all who see that may read it. */
  readonly seenWith: string | undefined;
}

function nameIn(people: readonly Person[], userId: string): string {
  return people.find(({ id }) => id === userId)?.name ?? userId;
}

function personCalled(people: readonly Person[], text: string): Person | undefined {
  return people.find(({ name, id }) => name.toLowerCase() === text.toLowerCase() || id === text);
}

function isLike({ name }: Person, text: string): boolean {
  return name.toLowerCase().includes(text.trim().toLowerCase());
}

export function SharePeople({ shares, people, view, seenWith }: SharePeopleProps) {
  const { share: texts, timeline } = useFileTexts();
  const [nowMs] = useState(Date.now);
  const options = PERMISSIONS.map((each) => [each, texts.permissions[each]] as const);
  return (
    <section className="cw-share-section">
      <h3>{texts.people}</h3>
      <AddPerson people={people} view={view} />
      <SeenBy seenWith={seenWith} isShared={shares.length > 0} />
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
  const { share: texts } = useFileTexts();
  const fieldId = useId();
  const [text, setText] = useState("");
  const [permission, setPermission] = useState<SharePermission>("download");
  const [doubted, setDoubted] = useState<string>();
  const isDoubted = doubted === text;
  const add = async (event: SubmitEvent) => {
    event.preventDefault();
    const wanted = text.trim();
    if (wanted === "") return;
    const person = personCalled(people, wanted);
    // Of whoever isn't told here, that there is such a user isn't known.
    if (person === undefined && people.length > 0 && !isDoubted) {
      setDoubted(text);
      return;
    }
    const { id, name } = person ?? { id: wanted, name: wanted };
    if (!(await view.share(id, name, permission))) return;
    setText("");
    setDoubted(undefined);
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
          {isDoubted ? texts.addAnyway : texts.addPerson}
        </Button>
      </div>
      <p className="cw-share-doubt" role="alert">
        {isDoubted && texts.unknownPerson(text.trim())}
      </p>
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
  const { share: texts } = useFileTexts();
  const root = useRootProps();
  const { language } = useShared();
  const [isOpen, setOpen] = useState(false);
  // With nothing in it, it would still take the rest of the dialog from screen readers.
  if (isOpen && !people.some((person) => isLike(person, text))) setOpen(false);
  return (
    <Autocomplete.Root
      items={people}
      filter={isLike}
      open={isOpen}
      onOpenChange={setOpen}
      itemToStringValue={({ name }) => name}
      value={text}
      onValueChange={onText}
    >
      <Autocomplete.Input
        id={fieldId}
        className="cw-input"
        placeholder={texts.personHint}
        dir={directionOf(text)}
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
