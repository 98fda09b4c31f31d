-- Scanning again what is clean: rescans with the place that they have come to, and whose verdicts they await.
CREATE TABLE `rescan_jobs` (
	`tenant_id` text NOT NULL,
	`file_id` text NOT NULL,
	`version` integer NOT NULL,
	`rescan_id` text NOT NULL,
	`sent_at_ms` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `file_id`, `version`),
	FOREIGN KEY (`tenant_id`,`file_id`,`version`) REFERENCES `file_versions`(`tenant_id`,`file_id`,`version`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `rescan_jobs_by_rescan` ON `rescan_jobs` (`tenant_id`,`rescan_id`);--> statement-breakpoint
CREATE INDEX `rescan_jobs_by_sending` ON `rescan_jobs` (`sent_at_ms`);--> statement-breakpoint
CREATE TABLE `rescans` (
	`tenant_id` text NOT NULL,
	`id` text NOT NULL,
	`state` text DEFAULT 'running' NOT NULL,
	`file_id` text,
	`older_than` integer,
	`requested_by` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`finished_at_ms` integer,
	`phase` text NOT NULL,
	`cursor_at_ms` integer,
	`cursor_file_id` text,
	`fed_at_ms` integer NOT NULL,
	`files_total` integer NOT NULL,
	`files_seen` integer DEFAULT 0 NOT NULL,
	`sent` integer DEFAULT 0 NOT NULL,
	`scanned` integer DEFAULT 0 NOT NULL,
	`found` integer DEFAULT 0 NOT NULL,
	`failed` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`tenant_id`, `id`),
	CONSTRAINT "rescans_state" CHECK("rescans"."state" IN ('running', 'paused', 'done', 'cancelled')),
	CONSTRAINT "rescans_phase" CHECK("rescans"."phase" IN ('live', 'trash', 'file', 'end'))
);
--> statement-breakpoint
CREATE INDEX `rescans_by_creation` ON `rescans` (`tenant_id`,`created_at_ms`);--> statement-breakpoint
CREATE INDEX `rescans_running` ON `rescans` (`fed_at_ms`) WHERE state = 'running';--> statement-breakpoint
ALTER TABLE `processor_heartbeats` ADD `backlog` integer;