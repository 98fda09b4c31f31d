import type { Page } from "playwright-core";

/** Roles that say nothing by themselves: which button, a grid of what. */
const NAMED =
  /^\s*- '?(?:button|link|textbox|searchbox|combobox|checkbox|menuitem|menu|dialog|grid|navigation|region|toolbar|meter|progressbar)\b(?! ")/;

/** What has no name in the accessibility tree though it needs one. */
export async function unnamedOn(page: Page): Promise<readonly string[]> {
  const tree = await page.locator("body").ariaSnapshot();
  const lines = tree.split("\n").filter((line) => NAMED.test(line));
  return lines.map((line) => `without a name: ${line.trim()}`);
}
