import { type SubmitEvent, useId, useState } from "react";
import type { ShareLinkInput } from "#contract/inputs.ts";
import { LIST_ICONS } from "../icons/list-outlines.ts";
import type { ShareTexts } from "../texts/share-texts.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { Button } from "../ui/button.tsx";
import { ChoiceButton } from "../ui/choice-button.tsx";
import type { SharesView } from "./use-shares.ts";

const DAY_SECONDS = 86_400;
const EXPIRIES = {
  day: DAY_SECONDS,
  week: 7 * DAY_SECONDS,
  month: 30 * DAY_SECONDS,
  year: 365 * DAY_SECONDS,
} as const;
type Expiry = keyof typeof EXPIRIES;

/** As the API has it (contract/sharing.ts). */
const MIN_PASSWORD_LENGTH = 8;
const MAX_PASSWORD_LENGTH = 128;
const MAX_DOWNLOADS = 1_000_000;

interface LinkFields {
  readonly expiry: Expiry;
  readonly password: string;
  readonly limit: string;
}

const EMPTY: LinkFields = { expiry: "week", password: "", limit: "" };

function passwordProblem({ password }: LinkFields, texts: ShareTexts): string | undefined {
  return password !== "" && password.length < MIN_PASSWORD_LENGTH ? texts.invalidPassword : undefined;
}

function limitProblem({ limit }: LinkFields, texts: ShareTexts): string | undefined {
  const text = limit.trim();
  const isFine = text === "" || (/^[1-9]\d*$/.test(text) && Number(text) <= MAX_DOWNLOADS);
  return isFine ? undefined : texts.invalidLimit;
}

function linkOf({ expiry, password, limit }: LinkFields): ShareLinkInput {
  return {
    expiresInSeconds: EXPIRIES[expiry],
    ...(password === "" ? {} : { password }),
    ...(limit.trim() === "" ? {} : { maxDownloads: Number(limit.trim()) }),
  };
}

/** What a new link is to be like. */
export function LinkForm({ view }: { readonly view: SharesView }) {
  const { share: texts } = useFileTexts();
  const [fields, setFields] = useState(EMPTY);
  const [isTold, setTold] = useState(false);
  const problems = { password: passwordProblem(fields, texts), limit: limitProblem(fields, texts) };
  const change = (changes: Partial<LinkFields>) => setFields((before) => ({ ...before, ...changes }));
  const create = async (event: SubmitEvent) => {
    event.preventDefault();
    setTold(true);
    if (problems.password !== undefined || problems.limit !== undefined) return;
    if ((await view.createLink(linkOf(fields))) === undefined) return;
    setFields(EMPTY);
    setTold(false);
  };
  return (
    <form className="cw-link-form" noValidate onSubmit={(event) => void create(event)}>
      <Field
        label={texts.password}
        hint={texts.passwordHint}
        problem={isTold ? problems.password : undefined}
        type="password"
        autoComplete="new-password"
        maxLength={MAX_PASSWORD_LENGTH}
        value={fields.password}
        onValue={(password) => change({ password })}
      />
      <Field
        label={texts.limit}
        hint={texts.limitHint}
        problem={isTold ? problems.limit : undefined}
        inputMode="numeric"
        autoComplete="off"
        value={fields.limit}
        onValue={(limit) => change({ limit })}
      />
      <div className="cw-link-buttons">
        <span className="cw-link-expiry">
          <span aria-hidden="true">{texts.expiry}</span>
          <ChoiceButton
            label={texts.expiry}
            value={fields.expiry}
            isOn
            options={(["day", "week", "month", "year"] as const).map(
              (each) => [each, texts.expiries[each]] as const,
            )}
            onChoice={(expiry) => change({ expiry })}
          />
        </span>
        <Button type="submit" icon={LIST_ICONS.link} look="accent">
          {texts.createLink}
        </Button>
      </div>
    </form>
  );
}

interface FieldProps {
  readonly label: string;
  readonly hint: string;
  readonly problem: string | undefined;
  readonly type?: "text" | "password";
  readonly inputMode?: "numeric";
  readonly autoComplete: string;
  readonly maxLength?: number;
  readonly value: string;
  readonly onValue: (value: string) => void;
}

function Field({ label, hint, problem, value, onValue, ...input }: FieldProps) {
  const id = useId();
  return (
    <div className="cw-field-line">
      <label htmlFor={id}>{label}</label>
      <input
        {...input}
        id={id}
        className="cw-input"
        value={value}
        aria-describedby={`${id}-hint`}
        aria-invalid={problem !== undefined}
        onChange={(event) => onValue(event.currentTarget.value)}
      />
      <span id={`${id}-hint`} className="cw-field-hint" data-problem={problem !== undefined || undefined}>
        {problem ?? hint}
      </span>
    </div>
  );
}
