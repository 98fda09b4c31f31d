import { readFile, stat } from "node:fs/promises";
import type { ActiveContent } from "#contract/active-content.ts";
import { type Findings, NotLookedThrough } from "./findings.ts";
import { isRemote } from "./open-xml.ts";

/** What is active in documents that are texts: drawings (SVG 2) and Rich Text. */

const MAX_TEXT_BYTES = 32 * 2 ** 20;

async function readText(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > MAX_TEXT_BYTES) throw new NotLookedThrough("a text that is too large");
  const bytes = await readFile(path);
  return new TextDecoder(bytes[1] === 0 ? "utf-16le" : "utf-8").decode(bytes);
}

const SCRIPT_ELEMENT = /<(?:[^\s<>:/"'=]*:)?(?:script|foreignObject|handler|listener)(?=[\s/>])/i;
/** An attribute that is run when something happens, and an address that is a program, however it is written. */
const EVENT = /[\s"'/]on[a-z]+\s*=\s*["']/i;
const PROGRAM_ADDRESS =
  /(?:href|to|values|from)\s*=\s*["']\s*(?:(?:j|&#\w{1,8};?)[^"'<]{0,200}(?::|&#)|data:text\/html)/i;
/** By declarations of its own a drawing may have anything in it under another name. */
const DECLARATION = /<!ENTITY/i;

export async function lookIntoSvg(path: string): Promise<Findings> {
  const text = await readText(path);
  const patterns = [SCRIPT_ELEMENT, EVENT, PROGRAM_ADDRESS, DECLARATION];
  const active: ActiveContent[] = patterns.some((pattern) => pattern.test(text)) ? ["script"] : [];
  return { type: "image/svg+xml", active, isComplete: true };
}

const OBJECT = /\\obj(?:data|emb|link|autlink|update|ocx|html)\b/;
const TEMPLATE = /\\\*\s*\\template\s*([^{}]{1,2000})/g;
const DDE = /\bDDE(?:AUTO)?\b/;

/** Rich Text Format 1.9.1. A template's address that is written in escapes is nobody's own. */
export async function lookIntoRichText(path: string): Promise<Findings> {
  const text = await readText(path);
  const active: ActiveContent[] = [];
  if (OBJECT.test(text)) active.push("embedded-files");
  const isFetching = [...text.matchAll(TEMPLATE)].some(([, address = ""]) => {
    return /\\['u]/.test(address) || isRemote(address.replaceAll("\\\\", "\\"));
  });
  if (isFetching) active.push("external-template");
  if (DDE.test(text)) active.push("dde");
  return { active, isComplete: true };
}
