/** All that has no default. */
export const PROCESSOR_ENV = {
  CAUSEWAY_WORKER_URL: "http://127.0.0.1:8787",
  CAUSEWAY_REPORT_SECRET: "s".repeat(32),
  S3_ENDPOINT: "https://account.r2.cloudflarestorage.com",
  S3_BUCKET: "files",
  S3_ACCESS_KEY_ID: "id",
  S3_SECRET_ACCESS_KEY: "secret",
  QUEUES_ACCOUNT_ID: "account",
  QUEUES_QUEUE_ID: "queue",
  QUEUES_TOKEN: "token",
};
