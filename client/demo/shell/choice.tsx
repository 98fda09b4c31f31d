import { useId } from "react";

interface Option<Value extends string> {
  readonly value: Value;
  readonly label: string;
}

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly Option<Value>[];
  readonly groups?: readonly { readonly label: string; readonly options: readonly Option<Value>[] }[];
  readonly onChoose: (value: Value) => void;
}

/** One of several, with its label before it where there is room. */
export function Choice<Value extends string>({
  label,
  value,
  options,
  groups,
  onChoose,
}: ChoiceProps<Value>) {
  const id = useId();
  const choose = (chosen: string) => {
    const all = [...options, ...(groups ?? []).flatMap((group) => group.options)];
    const option = all.find((each) => each.value === chosen);
    if (option !== undefined) onChoose(option.value);
  };
  return (
    <span className="choice">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => choose(event.target.value)}>
        {options.map((each) => (
          <option key={each.value} value={each.value}>
            {each.label}
          </option>
        ))}
        {groups?.map((group) => (
          <optgroup key={group.label} label={group.label}>
            {group.options.map((each) => (
              <option key={each.value} value={each.value}>
                {each.label}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </span>
  );
}
