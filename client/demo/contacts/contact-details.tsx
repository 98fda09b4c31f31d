import { useTexts } from "../texts/use-texts.ts";
import type { Contact } from "./contacts.ts";

export function ContactDetails({ contact }: { readonly contact: Contact }) {
  const { contact: texts } = useTexts();
  return (
    <section className="card details" aria-labelledby="details-title">
      <h2 id="details-title">{texts.details}</h2>
      <dl>
        {(["email", "phone", "address", "owner"] as const).map((fact) => (
          <div key={fact}>
            <dt>{texts.facts[fact]}</dt>
            <dd>
              <bdi>{contact[fact]}</bdi>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
