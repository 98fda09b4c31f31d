import { lazy, Suspense, useMemo } from "react";
import type { FileRecord } from "#contract/api.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { useClient } from "../use-client.ts";
import { parseTable } from "./csv.ts";
import { PreviewFailure, PreviewLoading } from "./preview-notice.tsx";
import { MAX_TEXT_BYTES, piecesOf, readBeginning } from "./text-pieces.ts";
import { useLoaded } from "./use-loaded.ts";

/** What reads Markdown is larger than all else here: it comes when a Markdown file is looked at. */
const MarkdownText = lazy(async () => {
  const { MarkdownText: loaded } = await import("./markdown-text.tsx");
  return { default: loaded };
});

function decoderOf(encoding: unknown): TextDecoder {
  try {
    return new TextDecoder(typeof encoding === "string" ? encoding : "utf-8");
  } catch {
    return new TextDecoder();
  }
}

interface TextViewProps {
  readonly file: FileRecord;
  readonly kind: "text" | "table" | "markdown";
}

/** A text, a table of a CSV file, or Markdown. */
export function TextView({ file, kind }: TextViewProps) {
  const { preview: texts } = useFileTexts();
  const { files } = useClient();
  const { loaded, again } = useLoaded(`${file.id}/${file.version}`, async (signal) => {
    const { bytes, isCut } = await readBeginning(await files.content(file.id, { signal }), MAX_TEXT_BYTES);
    // A letter whose end isn't there is left out.
    return { text: decoderOf(file.properties["encoding"]).decode(bytes, { stream: isCut }), isCut };
  });
  if (loaded.kind === "failed") return <PreviewFailure error={loaded.error} onAgain={again} />;
  if (loaded.kind === "loading") return <PreviewLoading />;
  const { text, isCut } = loaded.value;
  if (kind === "table") return <TableText text={text} isCut={isCut} label={texts.tableOf(file.filename)} />;
  const plain = <PlainText text={text} isCut={isCut} label={texts.textOf(file.filename)} />;
  if (kind === "text") return plain;
  return (
    <Suspense fallback={<PreviewLoading />}>
      <MarkdownText text={text} label={texts.textOf(file.filename)} otherwise={plain} />
    </Suspense>
  );
}

interface ShownTextProps {
  readonly text: string;
  /** Whether there is more of it than `text`. */
  readonly isCut: boolean;
  readonly label: string;
}

/** In pieces, so that a browser orders and draws those that are seen and not the others. */
function PlainText({ text, isCut, label }: ShownTextProps) {
  const { preview: texts } = useFileTexts();
  const pieces = useMemo(() => piecesOf(text), [text]);
  return (
    <div className="cw-preview-text" tabIndex={0} role="region" aria-label={label}>
      {numbered(pieces).map(({ item, place }) => (
        <pre key={place} dir="auto">
          {item}
        </pre>
      ))}
      {isCut && <p className="cw-file-minor">{texts.shownInPart}</p>}
    </div>
  );
}

/** Cells and rows have no other names than their places. */
function numbered<T>(items: readonly T[]): readonly { readonly item: T; readonly place: number }[] {
  return items.map((item, place) => ({ item, place }));
}

function TableText({ text, isCut, label }: ShownTextProps) {
  const { preview: texts } = useFileTexts();
  const table = useMemo(() => parseTable(text), [text]);
  const [head, ...body] = numbered(table.rows);
  return (
    <div className="cw-preview-table" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            {numbered(head?.item ?? []).map(({ item, place }) => (
              <th key={place} scope="col" dir="auto">
                {item}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {body.map((row) => (
            <tr key={row.place}>
              {numbered(row.item).map(({ item, place }) => (
                <td key={place} dir="auto">
                  {item}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {(isCut || table.isCut) && <p className="cw-file-minor">{texts.shownInPart}</p>}
    </div>
  );
}
