import type { Variant } from "#contract/api.ts";
import { DERIVATIVE_FORMS } from "#contract/derivatives.ts";
import { AppError } from "#contract/errors.ts";
import type { FileId, Identity } from "#contract/ids.ts";
import type { PageImageName } from "#contract/page-images.ts";
import { isPageImage, PAGE_IMAGE_FORM } from "#contract/page-images.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { FileWithDetails } from "../db/files.ts";
import { findFilesByIds } from "../db/files.ts";
import { missingDerivativesOf, standingOf } from "./files.ts";
import { requirePage } from "./page-images.ts";
import { isByShare, requireAllowed } from "./permissions.ts";
import type { ServableObject } from "./servable.ts";
import { nameOfDerivative, requireServable, servableObject } from "./servable.ts";

export interface SignableItem {
  readonly fileId: FileId;
  readonly variant: Variant;
}

type SignableObject = Pick<ServableObject, "version" | "filename">;

export interface Signable<Item> {
  readonly item: Item;
  readonly object: SignableObject;
  /** When the share or the grant ends by which the caller may download it, if it is by one that has an end. */
  readonly untilMs: number | undefined;
}

/** What can't be signed, and why. */
export interface Unsignable {
  readonly fileId: FileId;
  readonly error: AppError;
}

/** Checks a list of files for signing, in one query: of each, in order, what is signed or why it isn't. */
export async function findSignable<Item extends SignableItem>(
  env: DatabaseBindings,
  identity: Identity,
  items: readonly Item[],
): Promise<readonly (Signable<Item> | Unsignable)[]> {
  const { tenantId, userId } = identity;
  const ids = [...new Set(items.map((item) => item.fileId))];
  const viewer = { userId, nowMs: Date.now() };
  const found = await findFilesByIds(databaseFor(env, tenantId), tenantId, ids, viewer);
  const byId = new Map(found.map((details) => [details.file.id, details]));
  return items.map((item, index) => signable(identity, byId.get(item.fileId), item, index));
}

/** The URL of a variant that is being made is good already: it answers as the variant does. */
function signableObject(found: FileWithDetails, variant: Variant): SignableObject {
  requireServable(found);
  if (isPageImage(variant)) return signablePage(found, variant);
  const missing = missingDerivativesOf(found).find(({ name }) => name === variant);
  if (missing?.state !== "making") return servableObject(found, variant);
  const [form] = DERIVATIVE_FORMS[missing.name];
  const filename = nameOfDerivative(found, missing.name, form?.extension ?? "bin");
  return { version: found.version.version, filename };
}

/** Before it was asked for, too: who holds the URL has it made. */
function signablePage(found: FileWithDetails, name: PageImageName): SignableObject {
  requirePage(found, name);
  const filename = nameOfDerivative(found, name, PAGE_IMAGE_FORM.extension);
  return { version: found.version.version, filename };
}

function signable<Item extends SignableItem>(
  identity: Identity,
  found: FileWithDetails | undefined,
  item: Item,
  index: number,
): Signable<Item> | Unsignable {
  const place = `items.${index}.fileId`;
  try {
    if (found === undefined) throw new AppError("FILE_NOT_FOUND");
    const standing = standingOf(found);
    requireAllowed(identity, standing, "download");
    const byShare = isByShare(identity, standing) ? found.sharedUntilMs : undefined;
    const untilMs = identity.entityGrant?.expiresAtMs ?? byShare;
    return { item, object: signableObject(found, item.variant), untilMs };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message, headers } = error;
    return {
      fileId: item.fileId,
      error: new AppError(code, { errors: [{ path: place, message }], headers }),
    };
  }
}
