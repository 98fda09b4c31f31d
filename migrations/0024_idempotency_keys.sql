-- Requests that came with an Idempotency-Key, for a day: the same again is answered as the first was.
CREATE TABLE `idempotency_keys` (
	`id` integer PRIMARY KEY NOT NULL,
	`tenant_id` text NOT NULL,
	`key_hash` text NOT NULL,
	`fingerprint` text NOT NULL,
	`begun_at_ms` integer NOT NULL,
	`answer` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `idempotency_keys_by_key` ON `idempotency_keys` (`tenant_id`,`key_hash`);