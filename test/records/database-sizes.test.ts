import { expect, test, vi } from "vitest";
import { MAX_DATABASE_BYTES } from "../../worker/db/database-size.ts";
import { measureFillings, warnOfFillings } from "../../worker/services/database-sizes.ts";
import { checkHealth } from "../../worker/services/health.ts";
import { useDatabases } from "./support/databases.ts";

const databases = useDatabases();
const objects = { head: async () => undefined, get: async () => undefined };

test("a database that is nearly full is told in the log and by the health, with how full it is", async () => {
  const env = databases.bindings;
  const [filling] = await measureFillings(env);
  if (filling === undefined) throw new Error("It wasn't measured.");
  expect(filling.sizeBytes).toBeGreaterThan(100_000);
  const share = filling.sizeBytes / MAX_DATABASE_BYTES;
  expect(filling.share).toBe(share);
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  const sizePart = async (databaseAlertShare: number) => {
    await warnOfFillings(env, databaseAlertShare);
    const { parts } = await checkHealth(
      env,
      { objects, databaseAlertShare, replicaReads: undefined, development: false },
      "1",
      0,
    );
    return parts.databaseSize.state;
  };
  expect(await sizePart(share * 1.01)).toBe("ok");
  expect(error).not.toHaveBeenCalled();
  expect(await sizePart(share)).toBe("down");
  expect(error).toHaveBeenCalledExactlyOnceWith({ event: "database-filling", ...filling });
  error.mockRestore();
});
