import { expect, test } from "vitest";
import { createUploader } from "../../../client/index.ts";
import { Intake } from "../../../client/react/uploader/intake.ts";
import type { PickedFile } from "../../../client/react/uploader/picked.ts";

/** Files of which the one after the last can't be read. */
async function* unreadableAfter(...names: readonly string[]): AsyncGenerator<PickedFile> {
  for (const name of names) yield { file: new File([name], name), folder: "" };
  throw new DOMException("It can't be read.", "NotReadableError");
}

test.each([
  ["none", [], []],
  ["one", ["a.txt"], ["a.txt"]],
])(
  "where one file is taken, one that can't be read is told of, after %s that can",
  async (_, names, added) => {
    const session = { getToken: () => "a.b.c", tenantId: "acme", userId: "ann" };
    const uploader = createUploader({ endpoint: "http://localhost:1", ...session });
    const intake = new Intake({ uploader, rules: () => undefined, filenameOf: async () => undefined });
    await intake.add(
      unreadableAfter(...names),
      {},
      { isAsked: false, findDuplicates: false, isSingle: true },
    );
    expect(intake.read()).toMatchObject({ isIncomplete: true, isTooMany: false });
    expect(uploader.uploads.map(({ file }) => file.name)).toEqual(added);
    uploader.dispose();
  },
);
