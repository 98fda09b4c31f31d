import { useMemo, useState } from "react";
import type { FailedJob } from "#contract/failed-jobs.ts";
import { Button } from "../../react/ui/button.tsx";
import { FileName } from "../../react/ui/file-name.tsx";
import { SentenceLine } from "../../react/ui/sentence.tsx";
import { useVisitor } from "../session/visitor.ts";
import { Page } from "../shell/page.tsx";
import { useTexts } from "../texts/use-texts.ts";
import { AdminsOnly } from "./admins-only.tsx";
import { leaveRow } from "./leave-row.ts";
import { RowStore } from "./row-store.ts";
import { Rows } from "./rows.tsx";
import { ToldLine, useTold } from "./told.tsx";
import { useMoments } from "./use-moments.ts";
import { useRowsRead } from "./use-rows.ts";
import { useWhy } from "./use-why.ts";

const PAGE_ROWS = 20;

const keyOf = ({ fileId, version }: FailedJob) => `${fileId}/${version}`;

/** What was given up, for admins to have it tried again. */
export function FailedJobsPage() {
  const { shell: texts } = useTexts();
  return (
    <AdminsOnly title={texts.failedJobs}>
      <FailedJobs />
    </AdminsOnly>
  );
}

function FailedJobs() {
  const { client } = useVisitor();
  const { shell, admin } = useTexts();
  const texts = admin.failedJobs;
  const { told, tell, complain, dismiss } = useTold();
  const [isBusy, setBusy] = useState(false);
  const whyOf = useWhy();
  const store = useMemo(
    () =>
      new RowStore<FailedJob>({
        load: (place, signal) => client.admin.failedJobs.list({ ...place, limit: PAGE_ROWS }, { signal }),
        keyOf,
      }),
    [client],
  );
  const { rows } = useRowsRead(store);

  const retry = async (job: FailedJob) => {
    const row = document.activeElement?.closest("li");
    try {
      await client.admin.failedJobs.retry(job.fileId, job.version);
      leaveRow(row);
      store.remove(job);
      tell(texts.retried(job.filename));
    } catch (error) {
      complain(texts.notDone(whyOf(error)));
      void store.refresh();
    }
  };
  const retryAll = async () => {
    setBusy(true);
    try {
      const { retried, left } = await client.admin.failedJobs.retryAll();
      tell(texts.retriedAll(retried, left));
    } catch (error) {
      complain(texts.notDone(whyOf(error)));
    }
    await store.reload();
    setBusy(false);
  };
  return (
    <Page title={shell.failedJobs} note={texts.hint}>
      <section className="card stack" aria-label={texts.list}>
        {rows.length > 1 && (
          <Button className="rows-all" icon="retry" disabled={isBusy} onClick={() => void retryAll()}>
            {texts.retryAll}
          </Button>
        )}
        <ToldLine told={told} onDismiss={dismiss} />
        <Rows
          label={texts.list}
          store={store}
          keyOf={keyOf}
          render={(job) => <FailedJobRow job={job} onRetry={() => void retry(job)} />}
          empty={{ icon: "ready", text: texts.empty, hint: texts.emptyHint }}
        />
      </section>
    </Page>
  );
}

interface FailedJobRowProps {
  readonly job: FailedJob;
  readonly onRetry: () => void;
}

function FailedJobRow({ job, onRetry }: FailedJobRowProps) {
  const { failedJobs: texts } = useTexts().admin;
  const momentOf = useMoments();
  const isUnchecked = job.state === "quarantined";
  return (
    <article className="row">
      <div className="row-body">
        <FileName name={job.filename} />
        <SentenceLine
          sentence={{ tone: isUnchecked ? "danger" : "warning", icon: "warning", text: texts.what(job) }}
        />
        <p>{texts.why(job)}</p>
        <ul className="facts">
          <li>{texts.attempts(job.attempts)}</li>
          <li>{texts.failedAt(momentOf(job.failedAt))}</li>
        </ul>
      </div>
      <div className="row-actions">
        <Button icon="retry" aria-label={texts.retryOf(job.filename)} onClick={onRetry}>
          {texts.retry}
        </Button>
      </div>
    </article>
  );
}
