import { useState } from "react";
import type { FileRecord } from "#contract/api.ts";
import {
  FileList,
  type FileListProps,
  FilePreview,
  type FilesQuery,
  ShareDialog,
} from "../../react/index.ts";
import { colleaguesOf, nameIn } from "../session/identities.ts";
import { useVisitor } from "../session/visitor.ts";
import { keepChoice, keptChoice } from "./kept-choice.ts";
import { mayChange } from "./may-change.ts";
import { useEntities } from "./use-entities.ts";

interface FilesPanelProps {
  readonly query: FilesQuery;
  readonly label: string;
  readonly initialView?: "list" | "grid";
  /** Whether its files are attached to many contacts, which are named then. */
  readonly isOfAll?: boolean;
  readonly initialChoice?: FileListProps["initialChoice"];
}

interface Opened {
  readonly fileId: string;
  readonly among: readonly FileRecord[];
}

/** A list of files, with what opens of it: a file over the page, and with whom it is shared. */
export function FilesPanel(props: FilesPanelProps) {
  const { query, label, initialView = "list", isOfAll = false, initialChoice = {} } = props;
  const { identity } = useVisitor();
  const [opened, setOpened] = useState<Opened>();
  const [shared, setShared] = useState<FileRecord>();
  const nameOf = (userId: string) => nameIn(identity.tenant, userId);
  const entities = useEntities();
  return (
    <>
      <FileList
        query={query}
        label={label}
        initialView={initialView}
        initialChoice={keptChoice() ?? initialChoice}
        onChoice={keepChoice}
        onOpen={({ id }, among) => setOpened({ fileId: id, among })}
        onShare={setShared}
        mayChange={(file) => mayChange(identity, file)}
        nameOf={nameOf}
        {...(isOfAll ? { entities } : { attachTo: entities })}
      />
      {opened !== undefined && (
        <FilePreview
          fileId={opened.fileId}
          files={opened.among}
          onChange={(fileId) => setOpened({ ...opened, fileId })}
          onClose={() => setOpened(undefined)}
          onShare={setShared}
          hrefOf={({ id }) => `#/files/${id}`}
          nameOf={nameOf}
          entities={entities}
        />
      )}
      {shared !== undefined && (
        <ShareDialog
          file={shared}
          people={colleaguesOf(identity)}
          entities={entities}
          onClose={() => setShared(undefined)}
        />
      )}
    </>
  );
}
