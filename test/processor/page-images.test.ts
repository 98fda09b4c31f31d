import { expect, test } from "vitest";
import { FileId, TenantId } from "#contract/ids.ts";
import type { PageJob } from "#contract/jobs.ts";
import type { StartReport } from "#contract/reports.ts";
import { PageImages, type PageImagesParts } from "../../processor/derive/page-images.ts";

test("a page that was asked for twice, when its job stood in a long line, isn't drawn again", async () => {
  const asked: unknown[] = [];
  const reporter = {
    ask(report: StartReport) {
      asked.push(report.page);
      return Promise.resolve({ state: "clean", hasPage: true });
    },
  };
  // Whatever else it took would not be there.
  const images = new PageImages({ reporter } as unknown as PageImagesParts);
  const job: PageJob = {
    ...{ kind: "page", tenantId: TenantId.parse("acme"), fileId: FileId.parse("0".repeat(26)), version: 1 },
    ...{ objectKey: "key", etag: "etag", sizeBytes: 5, name: "page-2-400" },
  };
  expect(await images.draw(job, new AbortController().signal)).toBe("clean");
  expect(asked).toEqual(["page-2-400"]);
});
