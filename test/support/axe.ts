import axe from "axe-core";
import type { Page } from "playwright-core";

/**
 * What axe finds on the page as it is, or in a part of it, one line each.
 * @param rules all of its rules where it isn't said
 */
export async function axeFindings(
  page: Page,
  part = "html",
  rules?: readonly string[],
): Promise<readonly string[]> {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe.source);
  const options = rules === undefined ? {} : { runOnly: rules };
  const { violations } = await page.evaluate<axe.AxeResults>(
    `axe.run(${JSON.stringify(part)}, ${JSON.stringify(options)})`,
  );
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(" | ")}`,
  );
}
