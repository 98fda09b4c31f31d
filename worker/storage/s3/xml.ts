import type { TNode } from "txml/txml";
import { parse } from "txml/txml";

/**
 * The little XML of S3. The parser takes whatever it is given for a document, so that what was cut off would be a short
 * list: a document here ends with the end of its root, or it is none.
 */

/** The root of a document, or undefined where the text is none. */
export function parseXml(text: string): TNode | undefined {
  const root = parse(text, { decodeEntities: true, skipXmlDeclaration: true, selfClosingTags: [] })
    .filter((node) => typeof node !== "string")
    .at(0);
  if (root === undefined) return undefined;
  const isWhole = root.selfClosed === true || text.trimEnd().endsWith(`</${root.tagName}>`);
  return isWhole ? root : undefined;
}

/** Children of that name, in their order. */
export function childrenOf(node: TNode, name: string): readonly TNode[] {
  return node.children.filter((child) => typeof child !== "string").filter((child) => child.tagName === name);
}

/** The text of the first child of that name; undefined where there is none. */
export function textOf(node: TNode, name: string): string | undefined {
  const [child] = childrenOf(node, name);
  return child?.children.filter((part) => typeof part === "string").join("");
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escape(text: string): string {
  return text.replaceAll(/[&<>"]/g, (each) => ENTITIES[each] ?? each);
}

const NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

/** The body of CompleteMultipartUpload. */
export function formatParts(
  parts: readonly { readonly partNumber: number; readonly etag: string }[],
): string {
  const each = parts.map(
    ({ partNumber, etag }) =>
      `<Part><PartNumber>${partNumber}</PartNumber><ETag>${escape(`"${etag}"`)}</ETag></Part>`,
  );
  return `<CompleteMultipartUpload ${NAMESPACE}>${each.join("")}</CompleteMultipartUpload>`;
}

/** The body of DeleteObjects, which answers with what failed alone. */
export function formatRemovals(keys: readonly string[]): string {
  const each = keys.map((key) => `<Object><Key>${escape(key)}</Key></Object>`);
  return `<Delete ${NAMESPACE}><Quiet>true</Quiet>${each.join("")}</Delete>`;
}
