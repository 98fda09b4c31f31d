-- The outbox of removed versions: their objects' prefixes, until nothing is stored under them.
CREATE TABLE `object_removals` (
	`tenant_id` text NOT NULL,
	`file_id` text NOT NULL,
	`version` integer NOT NULL,
	`prefix` text NOT NULL,
	`attempted_at_ms` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `file_id`, `version`),
	FOREIGN KEY (`tenant_id`,`file_id`) REFERENCES `files`(`tenant_id`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `object_removals_by_attempt` ON `object_removals` (`attempted_at_ms`);