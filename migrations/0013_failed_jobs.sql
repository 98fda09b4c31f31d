-- Jobs that nobody tries again by himself, for people to look at.
CREATE TABLE `failed_jobs` (
	`tenant_id` text NOT NULL,
	`file_id` text NOT NULL,
	`version` integer NOT NULL,
	`code` text NOT NULL,
	`detail` text NOT NULL,
	`attempts` integer NOT NULL,
	`failed_at_ms` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `file_id`, `version`),
	FOREIGN KEY (`tenant_id`,`file_id`,`version`) REFERENCES `file_versions`(`tenant_id`,`file_id`,`version`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `failed_jobs_by_time` ON `failed_jobs` (`tenant_id`,`failed_at_ms`,`file_id`,`version`);