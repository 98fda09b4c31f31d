import { lazy, Suspense, useMemo } from "react";
import type { FileRecord } from "#contract/api.ts";
import { useClient, useTexts } from "../use-client.ts";
import { parseTable } from "./csv.ts";
import { PreviewFailure, PreviewLoading, PreviewNotice } from "./preview-notice.tsx";
import { useLoaded } from "./use-loaded.ts";

/** What reads Markdown is larger than all else here: it comes when a Markdown file is looked at. */
const MarkdownText = lazy(async () => {
  const { MarkdownText: loaded } = await import("./markdown-text.tsx");
  return { default: loaded };
});

/** Held in memory and drawn at once: more isn't read on a screen. */
const MAX_TEXT_BYTES = 1024 * 1024;
const MAX_ROWS = 500;

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
  const { preview: texts } = useTexts();
  if ((file.sizeBytes ?? 0) > MAX_TEXT_BYTES) {
    return <PreviewNotice icon="document" title={texts.tooLarge} hint={texts.tooLargeHint} />;
  }
  return <LoadedText file={file} kind={kind} />;
}

function LoadedText({ file, kind }: TextViewProps) {
  const { preview: texts } = useTexts();
  const { files } = useClient();
  const { loaded, again } = useLoaded(`${file.id}/${file.version}`, async (signal) => {
    const blob = await files.contentBlob(file.id, "original", { signal });
    return decoderOf(file.properties["encoding"]).decode(await blob.arrayBuffer());
  });
  if (loaded.kind === "failed") return <PreviewFailure error={loaded.error} onAgain={again} />;
  if (loaded.kind === "loading") return <PreviewLoading />;
  if (kind === "table") return <TableText text={loaded.value} label={texts.tableOf(file.filename)} />;
  if (kind === "markdown") {
    return (
      <Suspense fallback={<PreviewLoading />}>
        <MarkdownText text={loaded.value} label={texts.textOf(file.filename)} />
      </Suspense>
    );
  }
  return (
    <pre
      className="cw-preview-text"
      tabIndex={0}
      role="region"
      aria-label={texts.textOf(file.filename)}
      dir="auto"
    >
      {loaded.value}
    </pre>
  );
}

/** Cells and rows have no other names than their places. */
function numbered<T>(items: readonly T[]): readonly { readonly item: T; readonly place: number }[] {
  return items.map((item, place) => ({ item, place }));
}

function TableText({ text, label }: { readonly text: string; readonly label: string }) {
  const { preview: texts } = useTexts();
  const { rows, isCut } = useMemo(() => parseTable(text, MAX_ROWS), [text]);
  const [head, ...body] = numbered(rows);
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
      {isCut && <p className="cw-file-minor">{texts.tableCut(MAX_ROWS)}</p>}
    </div>
  );
}
