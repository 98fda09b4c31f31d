import type { Caller } from "../api.ts";
import { createUpload, fileIdOf } from "../api.ts";
import type { Scene } from "./scene.ts";
import { MISSING_ID } from "./scene.ts";
import type { Refusal, Refusals } from "./table.ts";

/** An upload that is to be the next version of a file, by somebody; Ann, if nobody is given. */
type Replacing = (name: (scene: Scene) => Promise<string>, by?: (scene: Scene) => Caller) => Refusal;

const nothing = async (): Promise<string> => MISSING_ID;
const viewedByBob = async (scene: Scene): Promise<string> => {
  const fileId = await scene.addCleanFile();
  await scene.letBobView();
  return fileId;
};
const inTrash = async (scene: Scene): Promise<string> => {
  const fileId = await scene.addCleanFile();
  await scene.putIntoTrash();
  return fileId;
};
const full = async (scene: Scene): Promise<string> => {
  const fileId = await scene.addCleanFile();
  await scene.changeSettings({ maxVersions: 1 });
  return fileId;
};
const uploading = async ({ ann }: Scene): Promise<string> => fileIdOf(await createUpload(ann, 5));

/** Of an upload that names the file it replaces as its protocol does. */
export function replacements(as: Replacing): Refusals {
  return {
    FILE_NOT_FOUND: as(nothing),
    PERMISSION_REQUIRED: as(viewedByBob, ({ bob }) => bob),
    FILE_IN_TRASH: as(inTrash),
    FILE_NOT_READY: as(uploading),
    VERSION_LIMIT_REACHED: as(full),
  };
}
