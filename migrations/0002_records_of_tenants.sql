-- Tenants with their quota, shares, links, audit and erasure; versions and listing of files.
CREATE TABLE `audit_events` (
	`tenant_id` text NOT NULL,
	`id` text NOT NULL,
	`at_ms` integer NOT NULL,
	`action` text NOT NULL,
	`actor_id` text NOT NULL,
	`actor_kind` text NOT NULL,
	`file_id` text,
	`version` integer,
	`request_id` text,
	`detail` text DEFAULT '{}' NOT NULL,
	PRIMARY KEY(`tenant_id`, `id`)
);
--> statement-breakpoint
CREATE INDEX `audit_events_by_file` ON `audit_events` (`tenant_id`,`file_id`,`id`);--> statement-breakpoint
CREATE INDEX `audit_events_by_actor` ON `audit_events` (`tenant_id`,`actor_id`,`id`);--> statement-breakpoint
CREATE INDEX `audit_events_by_action` ON `audit_events` (`tenant_id`,`action`,`id`);--> statement-breakpoint
CREATE TABLE `erasures` (
	`tenant_id` text NOT NULL,
	`id` text NOT NULL,
	`requested_by` text NOT NULL,
	`started_at_ms` integer NOT NULL,
	`finished_at_ms` integer,
	`files` integer DEFAULT 0 NOT NULL,
	`versions` integer DEFAULT 0 NOT NULL,
	`objects` integer DEFAULT 0 NOT NULL,
	`bytes` integer DEFAULT 0 NOT NULL,
	`digest` text NOT NULL,
	PRIMARY KEY(`tenant_id`, `id`)
);
--> statement-breakpoint
CREATE TABLE `quota_reservations` (
	`tenant_id` text NOT NULL,
	`file_id` text NOT NULL,
	`version` integer NOT NULL,
	`reserved_bytes` integer NOT NULL,
	`created_at_ms` integer NOT NULL,
	`check_at_ms` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `file_id`, `version`)
);
--> statement-breakpoint
CREATE INDEX `quota_reservations_to_check` ON `quota_reservations` (`check_at_ms`);--> statement-breakpoint
CREATE TABLE `share_links` (
	`tenant_id` text NOT NULL,
	`id` text NOT NULL,
	`file_id` text NOT NULL,
	`created_by` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`expires_at_ms` integer,
	`revoked_at_ms` integer,
	`password_hash` text,
	`max_downloads` integer,
	`downloads` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`tenant_id`, `id`),
	FOREIGN KEY (`tenant_id`,`file_id`) REFERENCES `files`(`tenant_id`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `share_links_by_file` ON `share_links` (`tenant_id`,`file_id`,`created_at_ms`);--> statement-breakpoint
CREATE TABLE `shares` (
	`tenant_id` text NOT NULL,
	`file_id` text NOT NULL,
	`user_id` text NOT NULL,
	`permission` text NOT NULL,
	`shared_by` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`expires_at_ms` integer,
	PRIMARY KEY(`tenant_id`, `file_id`, `user_id`),
	FOREIGN KEY (`tenant_id`,`file_id`) REFERENCES `files`(`tenant_id`,`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "shares_permission" CHECK("shares"."permission" IN ('view', 'download', 'delete'))
);
--> statement-breakpoint
CREATE INDEX `shares_by_user` ON `shares` (`tenant_id`,`user_id`,`created_at_ms`,`file_id`);--> statement-breakpoint
CREATE TABLE `tenants` (
	`number` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`tenant_id` text NOT NULL,
	`settings` text DEFAULT '{}' NOT NULL,
	`quota_bytes` integer,
	`file_sequence` integer DEFAULT 0 NOT NULL,
	`file_count` integer DEFAULT 0 NOT NULL,
	`reserved_bytes` integer DEFAULT 0 NOT NULL,
	`files_bytes` integer DEFAULT 0 NOT NULL,
	`versions_bytes` integer DEFAULT 0 NOT NULL,
	`trash_bytes` integer DEFAULT 0 NOT NULL,
	`derivatives_bytes` integer DEFAULT 0 NOT NULL,
	`created_at_ms` integer NOT NULL,
	`erasing_at_ms` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `tenants_by_id` ON `tenants` (`tenant_id`);--> statement-breakpoint
ALTER TABLE `file_tags` ADD `file_created_at_ms` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `file_tags_by_creation` ON `file_tags` (`tenant_id`,`tag`,`file_created_at_ms`,`file_id`);--> statement-breakpoint
ALTER TABLE `file_versions` ADD `original_filename` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `file_versions` ADD `uploaded_by` text;--> statement-breakpoint
ALTER TABLE `file_versions` ADD `file_class` text DEFAULT 'other' NOT NULL;--> statement-breakpoint
ALTER TABLE `files` ADD `last_version` integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE `files` ADD `settled_version` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `files` ADD `is_public` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `files` ADD `deleted_by` text;--> statement-breakpoint
ALTER TABLE `files` ADD `purge_at_ms` integer;--> statement-breakpoint
ALTER TABLE `files` ADD `purging_at_ms` integer;--> statement-breakpoint
ALTER TABLE `files` ADD `state` text DEFAULT 'uploading' NOT NULL;--> statement-breakpoint
ALTER TABLE `files` ADD `size_bytes` integer DEFAULT -1 NOT NULL;--> statement-breakpoint
ALTER TABLE `files` ADD `mime_type` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `files` ADD `file_class` text DEFAULT 'other' NOT NULL;--> statement-breakpoint
ALTER TABLE `files` ADD `folded_name` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `files` ADD `search_id` integer;--> statement-breakpoint
CREATE INDEX `files_by_search` ON `files` (`search_id`);--> statement-breakpoint
CREATE INDEX `files_to_purge` ON `files` (`purge_at_ms`) WHERE purge_at_ms IS NOT NULL;--> statement-breakpoint
CREATE INDEX `files_purging` ON `files` (`purging_at_ms`) WHERE purging_at_ms IS NOT NULL;