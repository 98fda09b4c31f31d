import type { Tenant } from "./demo-data.ts";
import {
  choose,
  chooseLarge,
  FILE,
  MIB,
  open,
  pdf,
  row,
  type Scene,
  type State,
  uploads,
} from "./demo-scene.ts";

/** Every state of every page. */

const EMPTY = ".cw-list-state";
const CONTACT = "/contacts/c-1001";

const see = (name: string, place: string, until: string, tenant: Tenant = "usual"): State => ({
  name,
  tenant,
  reach: (scene) => open(scene, place, until),
});

/** A list in which something was done to a file. */
const list = (name: string, act: (scene: Scene) => Promise<unknown>): State => ({
  name,
  async reach(scene) {
    await open(scene, "/files", FILE);
    await act(scene);
  },
});

async function menuOf({ page, texts }: Scene, id: string, action?: "rename" | "tags" | "share" | "delete") {
  await row(page, id).click({ button: "right", position: { x: 60, y: 12 } });
  const menu = page.getByRole("menu");
  await menu.waitFor();
  if (action !== undefined)
    await menu.getByRole("menuitem", { name: texts.fileList[action], exact: true }).click();
}

async function select({ page }: Scene, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) await row(page, id).getByRole("checkbox").check();
}

async function overlay(scene: Scene, id: string, until: string): Promise<void> {
  await row(scene.page, id).locator(".cw-file-open").click();
  await scene.page.locator(until).first().waitFor();
}

const contact = (name: string, act: (scene: Scene) => Promise<unknown>): State => ({
  name,
  async reach(scene) {
    await open(scene, CONTACT, FILE);
    await act(scene);
  },
});

/** One upload that is under way, one that is paused, one that waits. */
async function upload({ page, server, texts }: Scene): Promise<void> {
  server.tus.speed = 0.5 * MIB;
  await chooseLarge(page, {
    "Wartungsprotokoll.pdf": 12,
    "Kopie von Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft.pdf": 26,
    "Bauplan Halle 3.pdf": 18,
  });
  const first = uploads(page).first();
  await first.locator("[aria-valuenow]:not([aria-valuenow='0'])").waitFor();
  await first.getByRole("button").first().click();
  await page.getByText(texts.uploader.paused, { exact: true }).waitFor();
  await uploads(page).getByText("/s").first().waitFor();
}

/** All is given the time to be said. */
async function settled({ page, server }: Scene, names: readonly string[], until: string): Promise<void> {
  server.checkMs = 50;
  await choose(
    page,
    names.map((name) => pdf(name, 40_000)),
  );
  await page.locator(`.cw-upload-list ${until}`).first().waitFor();
}

const CONTACT_STATES: readonly State[] = [
  see("contacts", "/contacts", ".contact-link"),
  see("contact", CONTACT, FILE),
  see("contact-empty", CONTACT, EMPTY, "new"),
  see("contact-arabic", "/contacts/c-1004", FILE),
  contact("uploading", upload),
  contact("upload-offline", async (scene) => {
    await upload(scene);
    await scene.page.context().setOffline(true);
    await uploads(scene.page).getByText(scene.texts.uploader.offline).first().waitFor();
  }),
  contact("upload-cut", async (scene) => {
    await upload(scene);
    await scene.page.locator('select:has(option[value="cut"])').selectOption("cut");
    await uploads(scene.page).getByText(scene.texts.uploader.offline).first().waitFor();
  }),
  contact("upload-slow", async (scene) => {
    await scene.page.locator('select:has(option[value="slow"])').selectOption("slow");
    await chooseLarge(scene.page, { "Bauplan Halle 3.pdf": 18 });
    await uploads(scene.page).getByText("/s").first().waitFor();
  }),
  contact("upload-refused", async ({ page }) => {
    await choose(page, [pdf("Angebotsrechner.exe"), pdf("Musik.xyz"), pdf("Vertrag.pdf")]);
    await page.locator(".cw-refusals, .cw-notice").first().waitFor();
  }),
  contact("upload-earlier", async (scene) => {
    Object.assign(scene.server.tus, { speed: 4 * MIB, maxAppendBytes: 2 * MIB });
    await chooseLarge(scene.page, { "Bauplan Halle 3.pdf": 18 });
    // More than two requests bring: what these brought has arrived for sure.
    await uploads(scene.page)
      .getByText(/^[5-9]([.,]\d)? /)
      .waitFor();
    await scene.page.reload();
    await scene.page.locator(".cw-previous").waitFor();
    await scene.page.locator(FILE).first().waitFor();
  }),
  contact("upload-checking", async ({ page, server, texts }) => {
    server.checkMs = 600_000;
    await choose(page, [pdf("Vertrag.pdf", 40_000)]);
    await uploads(page).getByText(texts.uploader.checking).waitFor();
  }),
  contact("upload-ready", async (scene) => {
    await settled(scene, ["Vertrag.pdf"], '[data-tone="ready"]');
    // A row that has the focus stays.
    await uploads(scene.page).getByRole("button").first().focus();
  }),
  contact("upload-blocked", async (scene) => {
    await settled(scene, ["eicar Rechnung.pdf", "locked Preisliste.pdf"], '[data-tone="danger"]');
    await scene.page.locator('.cw-upload-list [data-tone="warning"]').waitFor();
  }),
  contact("upload-failed", async (scene) => {
    const problem = { code: "FORBIDDEN", title: "You may not upload here", status: 403 };
    scene.server.tus.next("PATCH", { status: 403, problem });
    await choose(scene.page, [pdf("Vertrag.pdf", MIB)]);
    await scene.page.locator('.cw-upload-list [data-tone="danger"]').waitFor();
  }),
  contact("upload-no-room", async (scene) => {
    scene.server.rules = { ...scene.server.rules, availableBytes: 4 * MIB };
    await scene.page.reload();
    await scene.page.waitForLoadState("networkidle");
    await chooseLarge(scene.page, { "Bauplan Halle 3.pdf": 18 });
    await scene.page.locator(".cw-refusals, .cw-notice").first().waitFor();
    scene.server.rules = { ...scene.server.rules, availableBytes: 7 * 1024 * MIB };
  }),
];

const LIST_STATES: readonly State[] = [
  see("files", "/files", FILE),
  see("files-empty", "/files", EMPTY, "new"),
  see("files-large", "/files", FILE, "large"),
  list("files-grid", async ({ page, texts }) => {
    await page.getByRole("button", { name: texts.fileList.asGrid }).click();
    await page.locator('.cw-list-toolbar[data-view="grid"]').waitFor();
  }),
  list("files-selected", (scene) => select(scene, "f1", "f2", "f6")),
  list("files-no-match", async ({ page }) => {
    await page.getByRole("searchbox").fill("xyzzy");
    await page.locator(EMPTY).waitFor();
  }),
  {
    name: "files-loading",
    async reach(scene) {
      await scene.page.route("**/v1/files?*", () => {});
      await open(scene, "/files", ".cw-skeleton");
    },
  },
  {
    name: "files-failed",
    async reach(scene) {
      scene.server.failures.set("GET /v1/files", {
        ...{ status: 500, code: "INTERNAL_ERROR", title: "Something went wrong here" },
        detail: "Something went wrong on the server. It was noted.",
      });
      await open(scene, "/files", `${EMPTY}[role=alert]`);
    },
  },
  list("files-menu", (scene) => menuOf(scene, "f1")),
  list("files-rename", async (scene) => {
    await menuOf(scene, "f1", "rename");
    await scene.page.locator(".cw-file-rename, [role=dialog]").first().waitFor();
  }),
  list("files-tags", async (scene) => {
    await menuOf(scene, "f1", "tags");
    await scene.page.getByRole("dialog").waitFor();
  }),
  list("files-share", async (scene) => {
    await menuOf(scene, "f1", "share");
    await scene.page.locator(".cw-share-link").first().waitFor();
  }),
  list("files-deleted", async (scene) => {
    await menuOf(scene, "f6", "delete");
    // What has the focus stays.
    await scene.page.getByRole("button", { name: scene.texts.fileList.undo }).focus();
  }),
  {
    name: "files-quota-full",
    async reach(scene) {
      const { quotaBytes } = scene.server.quota;
      const full = {
        usedBytes: quotaBytes,
        availableBytes: 0,
        filesBytes: quotaBytes * 0.9,
        level: "critical",
      } as const;
      scene.server.quota = { ...scene.server.quota, ...full };
      await open(scene, "/files", FILE);
    },
  },
  see("trash", "/trash", FILE),
  see("trash-empty", "/trash", EMPTY, "new"),
  see("shared", "/shared", FILE),
  see("shared-empty", "/shared", EMPTY, "new"),
  list("preview-image", (scene) => overlay(scene, "f2", "img.cw-preview-image[data-shown]")),
  list("preview-details", async (scene) => {
    await overlay(scene, "f1", "img.cw-page");
    await scene.page.getByRole("dialog").getByRole("button", { name: scene.texts.preview.details }).click();
    await scene.page.locator(".cw-versions").waitFor();
  }),
];

const FILE_STATES: readonly State[] = [
  see("file-pages", "/files/f1", "img.cw-page"),
  see("file-image", "/files/f2", "img.cw-preview-image[data-shown]"),
  see("file-blocked", "/files/f3", ".cw-preview-notice"),
  see("file-unchecked", "/files/f4", ".cw-preview-notice"),
  see("file-checking", "/files/f5", ".cw-preview-notice"),
  see("file-long-name", "/files/f6", ".cw-preview-notice"),
  see("file-office", "/files/f7", "img.cw-page"),
  see("file-table", "/files/f8", ".cw-preview-table"),
  see("file-video", "/files/f9", ".cw-preview-video, .cw-preview-notice"),
  see("file-audio", "/files/f10", ".cw-preview-audio"),
  see("file-markdown", "/files/f11", ".cw-preview-markdown, .cw-preview-text"),
  see("file-arabic", "/files/f12", "img.cw-page"),
  see("file-undrawn", "/files/f15", ".cw-preview-notice"),
  see("file-text", "/files/f16", ".cw-preview-text"),
  see("file-deleted", "/files/t1", "h1"),
  see("file-missing", "/files/nothing", "h1"),
];

const ADMIN_STATES: readonly State[] = [
  see("quarantine", "/quarantine", ".rows .row"),
  see("quarantine-empty", "/quarantine", "main h1", "new"),
  {
    name: "quarantine-release",
    async reach(scene) {
      await open(scene, "/quarantine", ".rows .row");
      await scene.page.locator(".rows .row-actions button").first().click();
      await scene.page.getByRole("dialog").waitFor();
    },
  },
  see("failed-jobs", "/failed-jobs", ".row"),
  see("failed-jobs-empty", "/failed-jobs", "main h1", "new"),
  {
    name: "members-only",
    async reach(scene) {
      await open(scene, "/quarantine", "main h1");
      await scene.page.locator('select:has(option[value="acme/bob"])').selectOption("acme/bob");
      await scene.page.locator("main .card").waitFor();
    },
  },
  {
    name: "settings",
    async reach(scene) {
      await open(scene, "/contacts", ".contact-link");
      await scene.page.locator("button.settings").click();
      await scene.page.getByRole("menu").waitFor();
    },
  },
  {
    name: "sign-in",
    async reach(scene) {
      scene.server.givesTokens = false;
      await open(scene, "/contacts", ".sign-in textarea");
    },
  },
  see("not-found", "/nothing", "main h1"),
];

export const STATES: readonly State[] = [...CONTACT_STATES, ...LIST_STATES, ...FILE_STATES, ...ADMIN_STATES];
