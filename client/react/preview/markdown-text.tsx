import DOMPurify from "dompurify";
import { type ReactNode, useMemo } from "react";
import { htmlOfMarkdown } from "./markdown-html.ts";

interface MarkdownTextProps {
  readonly text: string;
  readonly label: string;
  /** Shown in the place of a text that can't be read as Markdown. */
  readonly otherwise: ReactNode;
}

/** Nothing that is fetched, submitted or styled by whoever wrote the file: a look at it tells nobody. */
const ALLOWED_TAGS = [
  ...["h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "blockquote", "pre", "code", "ul", "ol", "li"],
  ...["strong", "em", "del", "s", "sub", "sup", "a", "table", "thead", "tbody", "tr", "th", "td"],
];
const ALLOWED_ATTR = ["href", "title", "start", "align"];
const LINK_ADDRESSES = /^(?:https?|mailto|tel):/i;

/** The HTML of a Markdown text, of whoever's: without scripts, images, styles and forms; links open elsewhere. Undefined as for `htmlOfMarkdown`. */
function safeHtmlOf(text: string): string | undefined {
  const html = htmlOfMarkdown(text);
  if (html === undefined) return undefined;
  const fragment = DOMPurify.sanitize(html, {
    ...{ ALLOWED_TAGS, ALLOWED_ATTR, ALLOWED_URI_REGEXP: LINK_ADDRESSES },
    ...{ ALLOW_DATA_ATTR: false, ALLOW_ARIA_ATTR: false, RETURN_DOM_FRAGMENT: true },
  });
  for (const link of fragment.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
  }
  const holder = document.createElement("div");
  holder.append(fragment);
  return holder.innerHTML;
}

export function MarkdownText({ text, label, otherwise }: MarkdownTextProps) {
  const html = useMemo(() => safeHtmlOf(text), [text]);
  if (html === undefined) return otherwise;
  return (
    <article
      className="cw-preview-markdown"
      role="region"
      aria-label={label}
      tabIndex={0}
      dir="auto"
      dangerouslySetInnerHTML={{ __html: html }}
    />
  );
}
