import { resolve } from "node:path";
import { expect, test } from "vitest";
import { stateDirectory } from "../../scripts/dev/state.ts";

test.each([
  [{}, ".causeway"],
  [{ STORAGE_PATH: "/old" }, "/old"],
  [{ STORAGE_PATH: "/old", CAUSEWAY_STATE: "/new" }, "/new"],
  [{ STORAGE_PATH: "", CAUSEWAY_STATE: "" }, ".causeway"],
])("with %j the state is in %s", (env, directory) => {
  expect(stateDirectory(env)).toBe(resolve(directory));
});
