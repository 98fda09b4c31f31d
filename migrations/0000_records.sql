-- The records: files, their versions, tags, verdicts and derivatives, and the signs of life of processors.
CREATE TABLE `derivatives` (
	`tenant_id` text NOT NULL,
	`file_id` text NOT NULL,
	`version` integer NOT NULL,
	`name` text NOT NULL,
	`object_key` text NOT NULL,
	`mime_type` text NOT NULL,
	`size_bytes` integer NOT NULL,
	`width` integer,
	`height` integer,
	`created_at_ms` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `file_id`, `version`, `name`),
	FOREIGN KEY (`tenant_id`,`file_id`,`version`) REFERENCES `file_versions`(`tenant_id`,`file_id`,`version`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "derivatives_name" CHECK("derivatives"."name" IN ('thumbnail', 'optimized', 'preview', 'poster'))
);
--> statement-breakpoint
CREATE TABLE `file_tags` (
	`tenant_id` text NOT NULL,
	`file_id` text NOT NULL,
	`tag` text NOT NULL,
	PRIMARY KEY(`tenant_id`, `tag`, `file_id`),
	FOREIGN KEY (`tenant_id`,`file_id`) REFERENCES `files`(`tenant_id`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `file_tags_by_file` ON `file_tags` (`tenant_id`,`file_id`);--> statement-breakpoint
CREATE TABLE `file_versions` (
	`tenant_id` text NOT NULL,
	`file_id` text NOT NULL,
	`version` integer NOT NULL,
	`state` text NOT NULL,
	`declared_type` text NOT NULL,
	`sniffed_type` text,
	`size_bytes` integer,
	`object_key` text,
	`etag` text,
	`sha256` text,
	`properties` text DEFAULT '{}' NOT NULL,
	`created_at_ms` integer NOT NULL,
	`stored_at_ms` integer,
	`announced_at_ms` integer,
	PRIMARY KEY(`tenant_id`, `file_id`, `version`),
	FOREIGN KEY (`tenant_id`,`file_id`) REFERENCES `files`(`tenant_id`,`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "file_versions_state" CHECK("file_versions"."state" IN ('uploading', 'quarantined', 'clean', 'infected', 'unscannable'))
);
--> statement-breakpoint
CREATE INDEX `file_versions_waiting` ON `file_versions` (`announced_at_ms`) WHERE state = 'quarantined';--> statement-breakpoint
CREATE TABLE `files` (
	`tenant_id` text NOT NULL,
	`id` text NOT NULL,
	`owner_id` text NOT NULL,
	`filename` text NOT NULL,
	`current_version` integer NOT NULL,
	`entity_type` text,
	`entity_id` text,
	`metadata` text DEFAULT '{}' NOT NULL,
	`created_at_ms` integer NOT NULL,
	`updated_at_ms` integer NOT NULL,
	`deleted_at_ms` integer,
	PRIMARY KEY(`tenant_id`, `id`)
);
--> statement-breakpoint
CREATE INDEX `files_by_creation` ON `files` (`tenant_id`,`created_at_ms`,`id`) WHERE deleted_at_ms IS NULL;--> statement-breakpoint
CREATE INDEX `files_by_owner` ON `files` (`tenant_id`,`owner_id`,`created_at_ms`,`id`) WHERE deleted_at_ms IS NULL;--> statement-breakpoint
CREATE INDEX `files_by_entity` ON `files` (`tenant_id`,`entity_type`,`entity_id`,`created_at_ms`,`id`) WHERE deleted_at_ms IS NULL;--> statement-breakpoint
CREATE TABLE `processor_heartbeats` (
	`processor_id` text PRIMARY KEY NOT NULL,
	`at_ms` integer NOT NULL,
	`scanner` text NOT NULL,
	`scanner_detail` text NOT NULL,
	`signature_version` text,
	`queue` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `verdicts` (
	`tenant_id` text NOT NULL,
	`file_id` text NOT NULL,
	`version` integer NOT NULL,
	`scanned_at_ms` integer NOT NULL,
	`verdict` text NOT NULL,
	`signature_name` text,
	`engine` text NOT NULL,
	`signature_version` text NOT NULL,
	PRIMARY KEY(`tenant_id`, `file_id`, `version`, `scanned_at_ms`),
	FOREIGN KEY (`tenant_id`,`file_id`,`version`) REFERENCES `file_versions`(`tenant_id`,`file_id`,`version`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "verdicts_verdict" CHECK("verdicts"."verdict" IN ('clean', 'infected', 'unscannable'))
);
