import type { UploadGrant } from "#contract/api.ts";
import { BLOCKED_EXTENSIONS } from "#contract/blocked-types.ts";
import type { FileClass } from "#contract/file-types.ts";
import { acceptedTypes, classLimitBytes } from "#contract/file-types.ts";
import type { TenantSettings } from "#contract/tenants.ts";
import type { UploadRulesResponse } from "#contract/upload-rules.ts";
import { allowsType } from "./upload-grants.ts";

/** What the rules of uploads come from. */
export interface RuleSources {
  readonly settings: TenantSettings;
  readonly maxUploadBytes: number;
  readonly maxAppendBytes: number | null;
  readonly availableBytes: number;
  readonly grant: UploadGrant | undefined;
}

/** What validation at creation would refuse whoever has these settings and this grant, said beforehand. */
export function uploadRules(sources: RuleSources): UploadRulesResponse {
  const { settings, grant, maxAppendBytes, availableBytes } = sources;
  const blocked = new Set([...BLOCKED_EXTENSIONS, ...(settings.blockedExtensions ?? [])]);
  const types = acceptedTypes(settings).filter(
    ({ mimeType }) => grant === undefined || allowsType(grant, mimeType),
  );
  return {
    types: types.map(({ mimeType, fileClass, extensions }) => ({
      ...{ mimeType, type: mimeType, fileClass },
      extensions: extensions.filter((extension) => !blocked.has(extension)),
    })),
    blockedExtensions: [...blocked].toSorted(),
    maxBytes: {
      document: limitOf("document", sources),
      image: limitOf("image", sources),
      video: limitOf("video", sources),
      audio: limitOf("audio", sources),
      other: limitOf("other", sources),
    },
    maxAppendBytes,
    availableBytes,
  };
}

function limitOf(fileClass: FileClass, { settings, maxUploadBytes, grant }: RuleSources): number {
  const granted = grant?.scope.maxBytes ?? Number.MAX_SAFE_INTEGER;
  return Math.min(classLimitBytes(fileClass, settings), maxUploadBytes, granted);
}
