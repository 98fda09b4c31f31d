/** What the client costs the page that it is on: in Chromium, as its users have it. */
import { launchChromium } from "../../test/support/browser.ts";
import { resultOf, type Section } from "../section.ts";
import { measureFolder } from "./folder.ts";
import { measureScrolling } from "./scrolling.ts";

export const measureClient: Section = async ({ client: load }) => {
  const browser = await launchChromium();
  try {
    return resultOf([...(await measureFolder(browser, load)), ...(await measureScrolling(browser, load))]);
  } finally {
    await browser.close();
  }
};
