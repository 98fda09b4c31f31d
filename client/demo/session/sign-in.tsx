import { type SubmitEvent, useId, useState } from "react";
import { useTexts } from "../texts/use-texts.ts";

/** Asks for a token where the server gives out none: anything but the development stack. */
export function SignIn({ onToken }: { readonly onToken: (token: string) => void }) {
  const { signIn: texts } = useTexts();
  const id = useId();
  const [token, setToken] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onToken(token.trim());
  };
  return (
    <section className="card sign-in" aria-labelledby={`${id}-title`}>
      <h1 id={`${id}-title`}>{texts.title}</h1>
      <p className="muted">{texts.why}</p>
      <form onSubmit={submit}>
        <label htmlFor={id}>{texts.token}</label>
        <textarea
          id={id}
          rows={3}
          required
          autoComplete="off"
          spellCheck={false}
          value={token}
          onChange={(event) => setToken(event.target.value)}
        />
        <button className="cw-button" data-look="accent">
          {texts.use}
        </button>
      </form>
    </section>
  );
}
