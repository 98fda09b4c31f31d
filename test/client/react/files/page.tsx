import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import type { FileRecord } from "#contract/api.ts";
import { createClient } from "../../../../client/index.ts";
import { CausewayProvider, FileList, FilePreview, ShareDialog } from "../../../../client/react/index.ts";

/** The page that tests look at: in which language, direction and theme is said by its address; of whose files, of another origin, too. */
const asked = new URLSearchParams(location.search);
const language = asked.get("language") === "de" ? "de" : "en";
const theme = asked.get("theme") === "dark" ? "dark" : "light";
const client = createClient({
  endpoint: asked.get("endpoint") ?? "",
  getToken: () => asked.get("token") ?? "token",
  tenantId: asked.get("tenant") ?? "acme",
  userId: "ann",
});
const PEOPLE = [
  { id: "bob", name: "Bob Iglesias" },
  { id: "hildegard", name: "Hildegard Brandt-Oberhauser" },
];
const ENTITIES = [
  { entityType: "contact", entityId: "c-1", label: "Nordlicht", isReadByAll: true },
  { entityType: "contact", entityId: "c-2", label: "Corrib Analytics" },
];
const entities = asked.has("entities") ? ENTITIES : [];
const nameOf = (userId: string) => PEOPLE.find(({ id }) => id === userId)?.name ?? userId;

function Files() {
  const [files, setFiles] = useState<readonly FileRecord[]>([]);
  const [opened, setOpened] = useState<string | undefined>(asked.get("open") ?? undefined);
  const [shared, setShared] = useState<FileRecord>();
  useEffect(() => {
    const share = (event: Event) => setShared((event as CustomEvent<FileRecord>).detail);
    addEventListener("share", share);
    return () => removeEventListener("share", share);
  }, []);
  return (
    <main>
      <h1>Nordlicht Maschinenbau</h1>
      <FileList
        query={asked.has("trash") ? { trash: "true" } : {}}
        initialView={asked.get("view") === "grid" ? "grid" : "list"}
        onOpen={(file, all) => {
          setFiles(all);
          setOpened(file.id);
        }}
        onShare={setShared}
        mayChange={({ ownerId }) => ownerId === (asked.get("user") ?? "ann")}
        nameOf={nameOf}
        entities={entities}
      />
      {opened !== undefined && (
        <FilePreview
          fileId={opened}
          files={files}
          onChange={setOpened}
          onClose={() => setOpened(undefined)}
          onShare={setShared}
          hrefOf={({ id }) => `?page=${id}`}
          nameOf={nameOf}
          entities={entities}
          initialDetails={asked.has("details")}
        />
      )}
      {shared !== undefined && (
        <ShareDialog file={shared} people={PEOPLE} entities={entities} onClose={() => setShared(undefined)} />
      )}
    </main>
  );
}

document.documentElement.lang = language;
document.documentElement.dir = asked.get("dir") === "rtl" ? "rtl" : "ltr";
createRoot(document.body.appendChild(document.createElement("div"))).render(
  <CausewayProvider client={client} language={language} theme={theme}>
    <Files />
  </CausewayProvider>,
);
