import type { ObjectSettings } from "#contract/object-settings.ts";

/** What an object is made with; its parts take none of it. */
export function amzHeadersOf({ encryption, storageClass, tagging }: ObjectSettings): Record<string, string> {
  return {
    ...(encryption === undefined ? {} : { "x-amz-server-side-encryption": encryption.algorithm }),
    ...(encryption?.keyId === undefined
      ? {}
      : { "x-amz-server-side-encryption-aws-kms-key-id": encryption.keyId }),
    ...(storageClass === undefined ? {} : { "x-amz-storage-class": storageClass }),
    ...(tagging === undefined ? {} : { "x-amz-tagging": tagging }),
  };
}
