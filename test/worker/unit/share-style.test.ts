import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { SHARE_STYLE } from "../../../worker/pages/share-style.ts";

const TOKENS = join(import.meta.dirname, "../../../client/styles/tokens.css");

/** What a style sheet's tokens are, the usual ones and those for more contrast. */
function tokensOf(css: string): Readonly<Record<"usual" | "contrast", ReadonlyMap<string, string>>> {
  const [usual = "", contrast = ""] = css.split("@media (prefers-contrast: more)");
  const read = (text: string) =>
    new Map(
      [...text.matchAll(/^\s*(--cw-[\w-]+): ([^;]+);/gm)].map(([, name = "", value = ""]) => [name, value]),
    );
  return {
    usual: read(usual.split("[data-cw-contrast")[0] ?? ""),
    contrast: read(contrast.split("@media")[0] ?? ""),
  };
}

test("the share page has the components' colours, type and spaces", async () => {
  const [components, page] = [tokensOf(await readFile(TOKENS, "utf8")), tokensOf(SHARE_STYLE)];
  expect(page.usual.size).toBeGreaterThan(25);
  expect(Object.fromEntries(components.usual)).toMatchObject(Object.fromEntries(page.usual));
  expect(page.contrast).toEqual(components.contrast);
  const used = [...SHARE_STYLE.matchAll(/var\((--cw-[\w-]+)\)/g)].map(([, name]) => name);
  expect(used.filter((name) => !page.usual.has(name ?? ""))).toEqual([]);
});
