// The same tests, on a stack whose objects are in S3 (vitest.config.ts).
import "../e2e/safety.test.ts";
import "../worker/public-urls.test.ts";
