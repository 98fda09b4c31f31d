-- Counting a tenant's rows again, in ranges of its files, while they go on changing.
CREATE TABLE `recount_ranges` (
	`tenant_id` text NOT NULL,
	`after_id` text NOT NULL,
	`last_id` text NOT NULL,
	`file_count` integer NOT NULL,
	`files_bytes` integer NOT NULL,
	`versions_bytes` integer NOT NULL,
	`trash_bytes` integer NOT NULL,
	`derivatives_bytes` integer NOT NULL,
	`is_dirty` integer DEFAULT false NOT NULL,
	PRIMARY KEY(`tenant_id`, `last_id`)
);
--> statement-breakpoint
CREATE TABLE `recounts` (
	`tenant_id` text PRIMARY KEY NOT NULL,
	`requested_by` text NOT NULL,
	`requested_at_ms` integer NOT NULL,
	`cursor` text DEFAULT '' NOT NULL,
	`taken_at_ms` integer DEFAULT 0 NOT NULL,
	`finished_at_ms` integer,
	`corrections` text DEFAULT '{}' NOT NULL
);
--> statement-breakpoint
CREATE INDEX `recounts_open` ON `recounts` (`taken_at_ms`) WHERE finished_at_ms IS NULL;
--> statement-breakpoint
-- What changes in a range that was counted is told to it. While no recount goes on there are no ranges.
CREATE TRIGGER `recounted_files_inserted` AFTER INSERT ON `files` BEGIN
	UPDATE `recount_ranges` SET `is_dirty` = 1
	WHERE `tenant_id` = NEW.`tenant_id` AND `last_id` >= NEW.`id` AND `after_id` < NEW.`id` AND `is_dirty` = 0;
END;
--> statement-breakpoint
CREATE TRIGGER `recounted_files_changed` AFTER UPDATE OF `current_version`, `deleted_at_ms` ON `files` BEGIN
	UPDATE `recount_ranges` SET `is_dirty` = 1
	WHERE `tenant_id` = NEW.`tenant_id` AND `last_id` >= NEW.`id` AND `after_id` < NEW.`id` AND `is_dirty` = 0;
END;
--> statement-breakpoint
CREATE TRIGGER `recounted_files_deleted` AFTER DELETE ON `files` BEGIN
	UPDATE `recount_ranges` SET `is_dirty` = 1
	WHERE `tenant_id` = OLD.`tenant_id` AND `last_id` >= OLD.`id` AND `after_id` < OLD.`id` AND `is_dirty` = 0;
END;
--> statement-breakpoint
CREATE TRIGGER `recounted_file_versions_inserted` AFTER INSERT ON `file_versions` BEGIN
	UPDATE `recount_ranges` SET `is_dirty` = 1
	WHERE `tenant_id` = NEW.`tenant_id` AND `last_id` >= NEW.`file_id` AND `after_id` < NEW.`file_id` AND `is_dirty` = 0;
END;
--> statement-breakpoint
CREATE TRIGGER `recounted_file_versions_changed` AFTER UPDATE OF `state`, `size_bytes` ON `file_versions` BEGIN
	UPDATE `recount_ranges` SET `is_dirty` = 1
	WHERE `tenant_id` = NEW.`tenant_id` AND `last_id` >= NEW.`file_id` AND `after_id` < NEW.`file_id` AND `is_dirty` = 0;
END;
--> statement-breakpoint
CREATE TRIGGER `recounted_file_versions_deleted` AFTER DELETE ON `file_versions` BEGIN
	UPDATE `recount_ranges` SET `is_dirty` = 1
	WHERE `tenant_id` = OLD.`tenant_id` AND `last_id` >= OLD.`file_id` AND `after_id` < OLD.`file_id` AND `is_dirty` = 0;
END;
--> statement-breakpoint
CREATE TRIGGER `recounted_derivatives_inserted` AFTER INSERT ON `derivatives` BEGIN
	UPDATE `recount_ranges` SET `is_dirty` = 1
	WHERE `tenant_id` = NEW.`tenant_id` AND `last_id` >= NEW.`file_id` AND `after_id` < NEW.`file_id` AND `is_dirty` = 0;
END;
--> statement-breakpoint
CREATE TRIGGER `recounted_derivatives_changed` AFTER UPDATE OF `size_bytes` ON `derivatives` BEGIN
	UPDATE `recount_ranges` SET `is_dirty` = 1
	WHERE `tenant_id` = NEW.`tenant_id` AND `last_id` >= NEW.`file_id` AND `after_id` < NEW.`file_id` AND `is_dirty` = 0;
END;
--> statement-breakpoint
CREATE TRIGGER `recounted_derivatives_deleted` AFTER DELETE ON `derivatives` BEGIN
	UPDATE `recount_ranges` SET `is_dirty` = 1
	WHERE `tenant_id` = OLD.`tenant_id` AND `last_id` >= OLD.`file_id` AND `after_id` < OLD.`file_id` AND `is_dirty` = 0;
END;
