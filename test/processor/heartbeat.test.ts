import { expect, test } from "vitest";
import type { Report } from "#contract/reports.ts";
import { Heartbeat } from "../../processor/heartbeat.ts";

test("no two beats are of the same time: the worker takes what isn't newer for a copy", async () => {
  const sent: Report[] = [];
  const scanner = {
    check: async () => {},
    state: { up: true, detail: "ClamAV", signatureVersion: null },
  };
  const reporter = {
    beat: async (report: Report) => {
      sent.push(report);
      return [];
    },
  };
  const tools = { states: () => [] };
  const log = { info: () => {}, error: () => {} };
  const parts = { processorId: "p", reporter, scanner, tools, log, targets: [], lagsTold: () => {} };
  const heartbeat = new Heartbeat(parts as never, new AbortController().signal);
  for (let beats = 0; beats < 100; beats += 1) await heartbeat.beat();
  const times = sent.map((report) => (report.kind === "heartbeat" ? report.atMs : 0));
  expect(new Set(times).size).toBe(100);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});
