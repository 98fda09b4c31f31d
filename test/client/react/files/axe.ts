import axe from "axe-core";
import type { Page } from "playwright-core";

/** What axe finds on the page as it is, or in a part of it, one line each. */
export async function axeFindings(page: Page, part = "html"): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<axe.AxeResults>(`axe.run(${JSON.stringify(part)})`);
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(" | ")}`,
  );
}
