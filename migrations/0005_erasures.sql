-- What an erasure needs to go on after a crash at any moment, and why it was asked for.
ALTER TABLE `erasures` ADD `reason` text;--> statement-breakpoint
ALTER TABLE `erasures` ADD `empty_at_ms` integer;--> statement-breakpoint
ALTER TABLE `erasures` ADD `pending` text;