-- Rescans go through a tenant's files in one walk, and each awaits its own verdicts. Those that are under way begin again.
ALTER TABLE `rescans` RENAME TO `old_rescans`;--> statement-breakpoint
CREATE TABLE `rescans` (
	`tenant_id` text NOT NULL,
	`id` text NOT NULL,
	`state` text DEFAULT 'running' NOT NULL,
	`file_id` text,
	`older_than` integer,
	`requested_by` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`finished_at_ms` integer,
	`cursor` text,
	`is_sent` integer DEFAULT false NOT NULL,
	`fed_at_ms` integer NOT NULL,
	`files_total` integer NOT NULL,
	`files_seen` integer DEFAULT 0 NOT NULL,
	`sent` integer DEFAULT 0 NOT NULL,
	`scanned` integer DEFAULT 0 NOT NULL,
	`found` integer DEFAULT 0 NOT NULL,
	`failed` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`tenant_id`, `id`),
	CONSTRAINT "rescans_state" CHECK("rescans"."state" IN ('running', 'paused', 'done', 'cancelled'))
);
--> statement-breakpoint
INSERT INTO `rescans` SELECT `tenant_id`, `id`, `state`, `file_id`, `older_than`, `requested_by`, `created_at_ms`, `finished_at_ms`, NULL, `phase` = 'end', `fed_at_ms`, `files_total`, iif(`phase` = 'end', `files_seen`, 0), `sent`, `scanned`, `found`, `failed` FROM `old_rescans`;--> statement-breakpoint
DROP TABLE `old_rescans`;--> statement-breakpoint
CREATE INDEX `rescans_by_creation` ON `rescans` (`tenant_id`,`created_at_ms`);--> statement-breakpoint
CREATE INDEX `rescans_running` ON `rescans` (`fed_at_ms`) WHERE state = 'running';--> statement-breakpoint
ALTER TABLE `rescan_jobs` RENAME TO `old_rescan_jobs`;--> statement-breakpoint
CREATE TABLE `rescan_jobs` (
	`tenant_id` text NOT NULL,
	`file_id` text NOT NULL,
	`version` integer NOT NULL,
	`rescan_id` text NOT NULL,
	`sent_at_ms` integer NOT NULL,
	`sends` integer DEFAULT 1 NOT NULL,
	PRIMARY KEY(`tenant_id`, `file_id`, `version`, `rescan_id`),
	FOREIGN KEY (`tenant_id`,`file_id`,`version`) REFERENCES `file_versions`(`tenant_id`,`file_id`,`version`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
INSERT INTO `rescan_jobs` SELECT `tenant_id`, `file_id`, `version`, `rescan_id`, `sent_at_ms`, 1 FROM `old_rescan_jobs`;--> statement-breakpoint
DROP TABLE `old_rescan_jobs`;--> statement-breakpoint
CREATE INDEX `rescan_jobs_by_rescan` ON `rescan_jobs` (`tenant_id`,`rescan_id`);--> statement-breakpoint
CREATE INDEX `rescan_jobs_by_sending` ON `rescan_jobs` (`sent_at_ms`);
