import { Hono } from "hono";
import { AppError } from "#contract/errors.ts";
import type { FileVersionRef } from "#contract/ids.ts";
import type { Job } from "#contract/jobs.ts";
import type { LiveFact } from "#contract/live.ts";
import { REPORT_SIGNATURE_HEADER, Report, verifyReport } from "#contract/reports.ts";
import type { AppEnv } from "../app-env.ts";
import { readSmallBody } from "../middleware/small-body.ts";
import { applyReport } from "../services/reports.ts";
import { sendJob } from "../storage/jobs.ts";
import { objectStoreOf } from "../storage/store.ts";
import { tellOfVersion } from "./tell.ts";

/** A report is a few hundred bytes; properties may make it some more. */
const MAX_REPORT_BYTES = 64 * 1024;

function parseReport(body: string): Report {
  try {
    return Report.parse(JSON.parse(body));
  } catch (cause) {
    throw new AppError("REQUEST_INVALID", { detail: "This is not a report.", cause });
  }
}

/** `/v1/internal/reports`: what the processor found, signed. Nothing in the body is believed before its signature. */
export const reports = new Hono<AppEnv>().post("/", async (c) => {
  const body = await readSmallBody(c.req.raw, MAX_REPORT_BYTES);
  const signature = c.req.header(REPORT_SIGNATURE_HEADER) ?? "";
  const genuine = await verifyReport(c.get("config").reportSecret, body, signature, Date.now());
  if (!genuine) throw new AppError("SIGNATURE_INVALID");
  const means = {
    objects: objectStoreOf(c.env),
    announce: (job: Job) => sendJob(c.env, job),
    tell: (ref: FileVersionRef, fact: LiveFact) => tellOfVersion(c, ref, fact),
  };
  const answer = await applyReport(c.env, means, parseReport(body), Date.now());
  return answer === undefined ? c.body(null, 204) : c.json(answer);
});
