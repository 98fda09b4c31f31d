-- Copies of clean versions at replica targets, and those of what is gone that are still to be removed there. Triggers keep
-- the two together, so that no statement can forget a copy.
CREATE TABLE `replica_lags` (
	`target` text PRIMARY KEY NOT NULL,
	`pending` integer NOT NULL,
	`pending_bytes` integer NOT NULL,
	`failed` integer NOT NULL,
	`oldest_pending_at_ms` integer,
	`removals` integer NOT NULL,
	`oldest_removal_at_ms` integer,
	`counted_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `replica_removals` (
	`tenant_id` text NOT NULL,
	`file_id` text NOT NULL,
	`version` integer NOT NULL,
	`target` text NOT NULL,
	`object_key` text NOT NULL,
	`since_ms` integer NOT NULL,
	`settle_at_ms` integer NOT NULL,
	`tries` integer DEFAULT 0 NOT NULL,
	`code` text,
	`detail` text,
	`next_at_ms` integer NOT NULL,
	`lease_id` text,
	PRIMARY KEY(`tenant_id`, `file_id`, `version`, `target`)
);
--> statement-breakpoint
CREATE INDEX `replica_removals_due` ON `replica_removals` (`next_at_ms`);--> statement-breakpoint
CREATE TABLE `replicas` (
	`tenant_id` text NOT NULL,
	`file_id` text NOT NULL,
	`version` integer NOT NULL,
	`target` text NOT NULL,
	`state` text NOT NULL,
	`object_key` text NOT NULL,
	`size_bytes` integer NOT NULL,
	`since_ms` integer NOT NULL,
	`changed_at_ms` integer NOT NULL,
	`tries` integer DEFAULT 0 NOT NULL,
	`code` text,
	`detail` text,
	`retry_at_ms` integer NOT NULL,
	`announce_at_ms` integer,
	`derivatives_at_ms` integer,
	`lease_id` text,
	`leased_until_ms` integer,
	PRIMARY KEY(`tenant_id`, `file_id`, `version`, `target`),
	FOREIGN KEY (`tenant_id`,`file_id`,`version`) REFERENCES `file_versions`(`tenant_id`,`file_id`,`version`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "replicas_state" CHECK("replicas"."state" IN ('pending', 'stored', 'failed'))
);
--> statement-breakpoint
CREATE INDEX `replicas_due` ON `replicas` (`announce_at_ms`) WHERE announce_at_ms IS NOT NULL;--> statement-breakpoint
ALTER TABLE `processor_heartbeats` ADD `targets` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
-- What may have left something at its target is to be removed there: what was leased once.
CREATE TRIGGER `replicas_deleted` AFTER DELETE ON `replicas` WHEN OLD.`leased_until_ms` IS NOT NULL BEGIN
	INSERT INTO `replica_removals` (`tenant_id`, `file_id`, `version`, `target`, `object_key`, `since_ms`, `settle_at_ms`, `next_at_ms`)
	VALUES (OLD.`tenant_id`, OLD.`file_id`, OLD.`version`, OLD.`target`, OLD.`object_key`,
		CAST(unixepoch('subsec') * 1000 AS INTEGER), OLD.`leased_until_ms`, 0)
	ON CONFLICT (`tenant_id`, `file_id`, `version`, `target`) DO UPDATE SET
		`settle_at_ms` = max(`settle_at_ms`, excluded.`settle_at_ms`), `next_at_ms` = 0;
END;
--> statement-breakpoint
-- What is clean no longer has no copies.
CREATE TRIGGER `file_versions_blocked` AFTER UPDATE OF `state` ON `file_versions` WHEN NEW.`state` <> 'clean' BEGIN
	DELETE FROM `replicas` WHERE `tenant_id` = NEW.`tenant_id` AND `file_id` = NEW.`file_id` AND `version` = NEW.`version`;
END;
--> statement-breakpoint
-- Nothing brings back what is being purged, and its bytes may be long in going.
CREATE TRIGGER `files_purging` AFTER UPDATE OF `purging_at_ms` ON `files` WHEN NEW.`purging_at_ms` IS NOT NULL BEGIN
	DELETE FROM `replicas` WHERE `tenant_id` = NEW.`tenant_id` AND `file_id` = NEW.`id`;
END;
