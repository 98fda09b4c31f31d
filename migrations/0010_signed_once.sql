-- The proof of an erasure is signed once, and a heartbeat counts once: a copy of an older one is known by when it was made.
ALTER TABLE `erasures` ADD `signature` text;--> statement-breakpoint
ALTER TABLE `erasures` ADD `kid` text;--> statement-breakpoint
ALTER TABLE `processor_heartbeats` ADD `sent_at_ms` integer DEFAULT 0 NOT NULL;