import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { createClient, type UploadMeta } from "../../../client/index.ts";
import {
  CausewayProvider,
  FileUploader,
  type Language,
  QuotaIndicator,
  type Theme,
  UploadErrorBoundary,
  useFileUploader,
  useUploads,
} from "../../../client/react/index.ts";

/** A page as a customer would make it; what differs between tests is in its address. */
const query = new URLSearchParams(location.search);
const language = (query.get("language") ?? "en") as Language;
const theme = (query.get("theme") ?? undefined) as Theme | undefined;

const client = createClient({ endpoint: "", getToken: () => "a.b.c", tenantId: "acme", userId: "ann" });
/** What the uploader told its host, for tests to read. */
const told: string[] = [];
/** Names of files that the host's list has by now. */
const listed = new Set<string>();
Object.assign(globalThis, { told, client, listed });
const replaces = query.get("replaces");
const META: UploadMeta = replaces === null ? { entityType: "contact", entityId: "c-1" } : { replaces };

/** A part of the page that fails when it is told to, by the event "fail". */
function Failing() {
  const [mustFail, fail] = useState(false);
  useEffect(() => {
    const onFail = () => fail(true);
    addEventListener("fail", onFail);
    return () => removeEventListener("fail", onFail);
  }, []);
  if (mustFail) throw new Error("It fails, as it was told to.");
  return undefined;
}

let renders = 0;

/** A list of the host's own: what it has goes from the uploader with whatever is rendered next. */
function OwnList() {
  const uploads = useUploads();
  useEffect(() => {
    for (const upload of uploads) if (listed.has(upload.file.name)) client.uploads.remove(upload);
  }, [uploads]);
  return undefined;
}

/** Another record's, and the first one's again, whenever it is told to by the event "place". */
function Attachments() {
  const [meta, setMeta] = useState(META);
  useEffect(() => {
    const other = { entityType: "contact", entityId: "c-2" };
    const onPlace = () => setMeta((shown) => (shown === META ? other : META));
    addEventListener("place", onPlace);
    return () => removeEventListener("place", onPlace);
  }, []);
  return (
    <FileUploader
      meta={meta}
      cleanUpHref="#trash"
      hrefOf={({ id }) => `#${id}`}
      onUploaded={({ file }) => told.push(`uploaded ${file.name}`)}
      onSettled={({ file }) => told.push(`settled ${file.name}`)}
    />
  );
}

/** A component of the host's own, which writes its options where it renders. */
function Own() {
  const { uploads } = useFileUploader({ meta: { entityType: "deal", entityId: "7" } });
  renders += 1;
  Object.assign(globalThis, { renders });
  return <p>{uploads.length} of the deal</p>;
}

/** A place of the host's own for files. */
function OwnDrops() {
  const [names, setNames] = useState("");
  return (
    <p
      id="own-drops"
      onDrop={(event) => {
        event.preventDefault();
        setNames(event.dataTransfer.files[0]?.name ?? "");
      }}
    >
      Dropped here: {names}
    </p>
  );
}

document.documentElement.lang = language;
document.documentElement.style.colorScheme = theme ?? "";
document.documentElement.dir = query.get("dir") ?? "ltr";
const root = document.getElementById("root");
if (root === null) throw new Error("The page has no root.");
createRoot(root).render(
  <StrictMode>
    <CausewayProvider client={client} language={language} {...(theme && { theme })}>
      <main>
        <h1>Mara Lindqvist</h1>
        <OwnList />
        <UploadErrorBoundary>
          <Attachments />
          <Failing />
        </UploadErrorBoundary>
        {query.has("own") && (
          <>
            <Own />
            <OwnDrops />
            <FileUploader meta={{ entityType: "deal", entityId: "7" }} heading="The deal" />
          </>
        )}
        <QuotaIndicator cleanUpHref="#trash" />
      </main>
    </CausewayProvider>
  </StrictMode>,
);
