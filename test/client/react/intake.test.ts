import { expect, test, vi } from "vitest";
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

test("whatever went wrong with files, others are added after them", async () => {
  const session = { getToken: () => "a.b.c", tenantId: "acme", userId: "ann" };
  const uploader = createUploader({ endpoint: "http://localhost:1", ...session });
  const filenameOf = vi.fn<() => Promise<string>>().mockRejectedValueOnce(new Error("not now"));
  filenameOf.mockResolvedValue("b.txt");
  const intake = new Intake({ uploader, rules: () => undefined, filenameOf });
  const add = (name: string) =>
    intake.add(
      [{ file: new File([name], name), folder: "" }],
      { replaces: "f1" },
      { isAsked: false, findDuplicates: false, isSingle: true },
    );
  await add("a.txt");
  expect(intake.read()).toMatchObject({ isIncomplete: true });
  await add("b.txt");
  expect(uploader.uploads.map(({ file }) => file.name)).toEqual(["b.txt"]);
  uploader.dispose();
});
