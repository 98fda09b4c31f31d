import { html, raw } from "hono/html";
import type { AppError } from "#contract/errors.ts";
import type { SharedFile } from "#contract/sharing.ts";
import { MAX_PASSWORD_LENGTH } from "#contract/sharing.ts";
import type { IconName } from "./icons.ts";
import { icon } from "./icons.ts";
import { SHARE_STYLE } from "./share-style.ts";
import { describeType, formatBytes, formatMoment, iconOf, splitEnding } from "./words.ts";

/**
 * The page behind a share link, for people without a session: no script, no cookie, nothing loaded but the thumbnail.
 * Values are escaped by `html`. Every form posts to the address that the page is at.
 */

type Html = ReturnType<typeof html>;

/** Names that would fill the page at its largest type. */
const LONG_NAME = 60;

function layout(title: string, content: Html, nonce: string, footer: Html | "" = ""): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex, nofollow" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <style nonce="${nonce}">
          ${raw(SHARE_STYLE)}
        </style>
      </head>
      <body>
        <main>${content}</main>
        ${footer}
      </body>
    </html>`;
}

const downloadButton = html`<button class="button">${icon("download")}Download</button>`;

function fact(name: string, value: Html | string): Html {
  return html`<dt>${name}</dt>
    <dd>${value}</dd>`;
}

function limitsOf({ expiresAt, downloadsLeft }: SharedFile): Html {
  const until =
    expiresAt === null
      ? ""
      : fact("Link works until", html`<time datetime="${expiresAt}">${formatMoment(expiresAt)}</time>`);
  return html`${until}${downloadsLeft === null ? "" : fact("Downloads left", String(downloadsLeft))}`;
}

function picture(file: NonNullable<SharedFile["file"]>): Html {
  const { thumbnailUrl, mimeType } = file;
  const content =
    thumbnailUrl === null
      ? icon(iconOf(mimeType))
      : html`<img src="${thumbnailUrl}" alt="" width="150" height="150" />`;
  return html`<div class="picture">${content}</div>`;
}

function filePage(shared: SharedFile, file: NonNullable<SharedFile["file"]>, nonce: string): Html {
  const { filename, mimeType, sizeBytes } = file;
  const [stem, ending] = splitEnding(filename);
  const isLong = filename.length > LONG_NAME;
  const content = html`${picture(file)}
    <h1 class="name${isLong ? " long" : ""}"><bdi>${stem}</bdi><bdi>${ending}</bdi></h1>
    <dl>
      ${fact("Type", describeType(filename, mimeType))} ${fact("Size", formatBytes(sizeBytes))}
      ${limitsOf(shared)}
    </dl>
    <form method="post">${downloadButton}</form>`;
  const footer = html`<footer>
    This file was shared with you by link. It has been checked for viruses.
  </footer>`;
  return layout(`${filename} – shared file`, content, nonce, footer);
}

const PASSWORD_ERRORS: Readonly<Partial<Record<AppError["code"], string>>> = {
  SHARE_PASSWORD_WRONG: "This password is not right. Check it and try again.",
  RATE_LIMITED: "There were too many tries. Wait a minute, then try again.",
};

/** Whether an error is told beside the password, and so leaves the form where it is. */
export function isAboutPassword({ code }: AppError): boolean {
  return PASSWORD_ERRORS[code] !== undefined;
}

function passwordPage(shared: SharedFile, error: AppError | undefined, nonce: string): Html {
  const message = error && PASSWORD_ERRORS[error.code];
  const invalid = message && html` aria-invalid="true" aria-describedby="password-error" autofocus`;
  const content = html`<div class="sign">${icon("lock")}</div>
    <h1>This file needs a password</h1>
    <p>It was shared with you by link. Whoever sent the link has the password.</p>
    <form method="post">
      <label for="password">Password</label>
      <input
        id="password"
        name="password"
        type="password"
        required
        maxlength="${MAX_PASSWORD_LENGTH}"
        autocomplete="off"
        ${invalid ?? ""}
      />
      ${message && html`<p class="error" id="password-error" role="alert">${icon("warning")}${message}</p>`}
      ${downloadButton}
    </form>
    <dl>${limitsOf(shared)}</dl>`;
  return layout(message ? "Try again – shared file" : "Password needed – shared file", content, nonce);
}

/** What a working link shows: the file, or the question for its password and what was wrong with the last answer. */
export function sharePage(shared: SharedFile, error: AppError | undefined, nonce: string): Html {
  const { file } = shared;
  return file === null ? passwordPage(shared, error, nonce) : filePage(shared, file, nonce);
}

interface Message {
  readonly icon: IconName;
  readonly heading: string;
  readonly text: string;
  readonly tone?: "busy" | "warning" | "danger";
  readonly canRetry?: boolean;
}

const ASK = "Ask whoever sent it for a new one.";

const ENDINGS: Readonly<Record<string, Message>> = {
  expired: {
    icon: "clock",
    heading: "This link has expired",
    text: `It was made for a limited time. ${ASK}`,
  },
  revoked: {
    icon: "blocked",
    heading: "This link was withdrawn",
    text: `Whoever shared the file has ended it. ${ASK}`,
  },
  "used-up": {
    icon: "blocked",
    heading: "This link is used up",
    text: `It was for a limited number of downloads, and they have been made. ${ASK}`,
  },
};

const MESSAGES: Readonly<Partial<Record<AppError["code"], Message>>> = {
  SIGNED_URL_EXPIRED: {
    icon: "clock",
    heading: "This link has expired",
    text: `It was made for a limited time. ${ASK}`,
  },
  SIGNED_URL_REPLACED: {
    icon: "file",
    heading: "This file has a newer version",
    text: `The link was for the one before. ${ASK}`,
  },
  SIGNATURE_INVALID: {
    icon: "blocked",
    heading: "This link isn't whole",
    text: "It leads to no file as it is. Check that all of it was copied, or ask whoever sent it for a new one.",
  },
  SHARE_LINK_NOT_FOUND: {
    icon: "file",
    heading: "There is nothing here",
    text: "This address leads to no file. Check that all of it was copied, or ask whoever sent it for a new link.",
  },
  SHARE_LINKS_OFF: {
    icon: "blocked",
    heading: "This link doesn't work at the moment",
    text: "Sharing by link is turned off for this file. Ask whoever sent it for another way.",
  },
  FILE_NOT_READY: {
    icon: "clock",
    heading: "This file is still being checked",
    text: "It is checked for viruses before anybody can download it. That seldom takes more than a minute.",
    tone: "busy",
    canRetry: true,
  },
  FILE_BLOCKED: {
    icon: "blocked",
    heading: "This file can't be downloaded",
    text: "It did not pass the virus check. Ask whoever sent the link about it.",
    tone: "danger",
  },
  FILE_NOT_FOUND: {
    icon: "file",
    heading: "This file was removed",
    text: "The link is still there, but its file is not. Ask whoever sent it.",
  },
};

const OUR_FAULT: Message = {
  icon: "warning",
  tone: "warning",
  heading: "Something went wrong on our side",
  text: "Your link is safe, and nothing was downloaded. Try again in a moment.",
  canRetry: true,
};

const NOT_UNDERSTOOD: Message = {
  icon: "warning",
  tone: "warning",
  heading: "That didn't arrive as it should",
  text: "Nothing was downloaded. Open the link again and retry.",
  canRetry: true,
};

function messageOf({ code, status, members }: AppError): Message {
  const known = ENDINGS[String(members["reason"])] ?? MESSAGES[code];
  return known ?? (status < 500 ? NOT_UNDERSTOOD : OUR_FAULT);
}

/** Whether there is something to tell people of an error that they have a part in. */
export function isForPeople({ code, members }: AppError): boolean {
  return MESSAGES[code] !== undefined || ENDINGS[String(members["reason"])] !== undefined;
}

/** What a link shows that leads to nothing, with what can be done. */
export function problemPage(error: AppError, nonce: string): Html {
  const { icon: sign, heading, text, tone = "", canRetry = false } = messageOf(error);
  const content = html`<div class="sign ${tone}">${icon(sign)}</div>
    <h1>${heading}</h1>
    <p>${text}</p>
    ${canRetry ? html`<a class="button" href="">Try again</a>` : ""}`;
  return layout(`${heading} – shared file`, content, nonce);
}
