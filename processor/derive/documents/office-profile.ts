import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProcessorFailure } from "../../failure.ts";
import { readProduct } from "../../sandbox/scratch.ts";
import { OFFICE_LIMITS, officeScript } from "./office-script.ts";
import { runTool, type Work } from "./run-tool.ts";

const item = (path: string, name: string, value: boolean | number) =>
  `<item oor:path="/org.openoffice.Office.${path}"><prop oor:name="${name}" oor:op="fuse">` +
  `<value>${value}</value></prop></item>`;

/** No macro runs, whoever signed it; nothing that a document refers to is fetched or brought up to date. */
const SETTINGS = [
  item("Common/Security/Scripting", "DisableMacrosExecution", true),
  item("Common/Security/Scripting", "MacroSecurityLevel", 3),
  item("Common/Security/Scripting", "DisableActiveContent", true),
  item("Common/Security/Scripting", "BlockUntrustedRefererLinks", true),
  // 2 is "never".
  item("Writer/Content/Update", "Link", 2),
  item("Calc/Content/Update", "Link", 2),
];

const SETTINGS_FILE =
  '<?xml version="1.0" encoding="UTF-8"?>\n<oor:items xmlns:oor="http://openoffice.org/2001/registry" ' +
  'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">' +
  `${SETTINGS.join("")}</oor:items>\n`;

const MAX_PROFILE_BYTES = 8 * 2 ** 20;

/** Something to convert: a program that has converted once has set up all that it needs. */
const SAMPLE = "{\\rtf1 Causeway}";

/**
 * What LibreOffice keeps of a user, as it is after its first conversion. Setting it up takes longer than a conversion, so
 * that is done once; each job has a copy of its own, and what a document does to it is gone with the job.
 */
export class OfficeProfile {
  #packed: Promise<Buffer | undefined> | undefined;

  /** A tar archive of a directory `profile`, of some 300 KiB; undefined where LibreOffice doesn't work. Throws TOOL_BROKEN_OFF. */
  async pack(work: Pick<Work, "sandbox" | "signal">): Promise<Buffer | undefined> {
    this.#packed ??= makeProfile(work);
    const packed = await this.#packed.catch((cause: unknown) => {
      this.#packed = undefined;
      work.signal.throwIfAborted();
      // Also where it was another job's, which had no more time.
      throw new ProcessorFailure("TOOL_BROKEN_OFF", { detail: "making a profile", cause });
    });
    // It may be mended meanwhile.
    if (packed === undefined) this.#packed = undefined;
    return packed;
  }
}

async function makeProfile({
  sandbox,
  signal,
}: Pick<Work, "sandbox" | "signal">): Promise<Buffer | undefined> {
  const scratch = await mkdtemp(join(tmpdir(), "causeway-profile-"));
  try {
    await writeFile(join(scratch, "settings.xcu"), SETTINGS_FILE);
    await writeFile(join(scratch, "document.rtf"), SAMPLE);
    const prepare = "mkdir -p profile/user && cp settings.xcu profile/user/registrymodifications.xcu";
    const convert = officeScript({
      extension: "rtf",
      filter: "Rich Text Format",
      exporter: "writer_pdf_Export",
    });
    // A copy of the profile for when it is damaged: nobody looks for it here.
    const pack = "rm -rf profile/user/pack && tar -cf profile.tar profile";
    const script = `${prepare} && ${convert} && test -s document.pdf && ${pack}`;
    const result = await runTool({ sandbox, scratch, signal }, "sh", ["-c", script], OFFICE_LIMITS);
    if (!result.ok && result.reason !== "failed") throw new Error(result.detail);
    return result.ok ? await readProduct(join(scratch, "profile.tar"), MAX_PROFILE_BYTES) : undefined;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
