import type { FileRecord } from "#contract/api.ts";
import { entityOf, type ListedEntity } from "../files/listed-entities.ts";
import type { PreviewTexts } from "../texts/files-texts.ts";
import type { AllTexts } from "../texts/use-file-texts.ts";

type FactName = keyof PreviewTexts["factNames"];

export interface Fact {
  readonly name: FactName;
  readonly value: string;
}

/** "1:02:05", or "4:10". */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

function words(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** What the processor has seen of the bytes, as far as people want to know it. */
function seenFacts(
  { properties }: FileRecord,
  texts: AllTexts,
): readonly (readonly [FactName, string | undefined])[] {
  const { width, height, durationSeconds, pages, lines } = properties;
  const number = (value: unknown) => (typeof value === "number" ? String(value) : undefined);
  const camera = [properties["cameraMake"], properties["cameraModel"]]
    .flatMap((part) => words(part) ?? [])
    .join(" ");
  return [
    [
      "dimensions",
      typeof width === "number" && typeof height === "number"
        ? texts.preview.dimensions(width, height)
        : undefined,
    ],
    ["duration", typeof durationSeconds === "number" ? formatDuration(durationSeconds) : undefined],
    ["pages", number(pages)],
    ["lines", number(lines)],
    ["title", words(properties["title"])],
    ["author", words(properties["author"])],
    ["artist", words(properties["artist"])],
    ["camera", words(camera)],
    ["taken", words(properties["takenAt"])?.replace("T", " ")],
  ];
}

export interface FactsContext {
  nameOf(userId: string): string;
  readonly nowMs: number;
  readonly entities?: readonly ListedEntity[];
}

/** What is known of a file, in the order in which it is asked for. */
export function factsOf(
  file: FileRecord,
  texts: AllTexts,
  { nameOf, nowMs, entities = [] }: FactsContext,
): readonly Fact[] {
  const { sizeBytes, entityType, entityId } = file;
  const attachedTo = entityOf(file, entities)?.label ?? `${entityType ?? ""} ${entityId ?? ""}`;
  const facts: readonly (readonly [FactName, string | undefined])[] = [
    ["name", file.filename],
    ["type", file.mimeType],
    ["size", sizeBytes === null ? undefined : texts.common.bytes(sizeBytes)],
    ["uploaded", texts.timeline.at(new Date(file.createdAt), nowMs)],
    ["by", nameOf(file.ownerId)],
    ["attachedTo", entityType === null ? undefined : attachedTo],
    ["tags", words(file.tags.join(", "))],
    ...seenFacts(file, texts),
    ["digest", file.sha256 ?? undefined],
  ];
  return facts.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
}
