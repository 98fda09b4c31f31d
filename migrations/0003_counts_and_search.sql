-- What must never be forgotten is done by triggers: a tenant's byte counts, a file's listed facts, its name in the search.
-- Files of before get theirs at the end.
CREATE VIRTUAL TABLE `file_search` USING fts5(`name`, content='', contentless_delete=1, tokenize='trigram case_sensitive 1');
--> statement-breakpoint
CREATE TRIGGER `quota_reservations_inserted` AFTER INSERT ON `quota_reservations` BEGIN
	UPDATE `tenants` SET `reserved_bytes` = `reserved_bytes` + NEW.`reserved_bytes` WHERE `tenant_id` = NEW.`tenant_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `quota_reservations_changed` AFTER UPDATE OF `reserved_bytes` ON `quota_reservations` BEGIN
	UPDATE `tenants` SET `reserved_bytes` = `reserved_bytes` + NEW.`reserved_bytes` - OLD.`reserved_bytes`
	WHERE `tenant_id` = NEW.`tenant_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `quota_reservations_deleted` AFTER DELETE ON `quota_reservations` BEGIN
	UPDATE `tenants` SET `reserved_bytes` = `reserved_bytes` - OLD.`reserved_bytes` WHERE `tenant_id` = OLD.`tenant_id`;
END;
--> statement-breakpoint
-- The rowid in `file_search` is the tenant's number above 30 bits of its files' sequence: one tenant's names are one range,
-- in the order in which the files were made.
CREATE TRIGGER `files_inserted` AFTER INSERT ON `files` BEGIN
	UPDATE `tenants` SET `file_sequence` = `file_sequence` + 1, `file_count` = `file_count` + 1
	WHERE `tenant_id` = NEW.`tenant_id`;
	UPDATE `files` SET `search_id` = (SELECT (`number` << 30) | `file_sequence` FROM `tenants` WHERE `tenant_id` = NEW.`tenant_id`)
	WHERE `tenant_id` = NEW.`tenant_id` AND `id` = NEW.`id`;
	INSERT INTO `file_search` (rowid, `name`)
	SELECT `search_id`, NEW.`folded_name` FROM `files`
	WHERE `tenant_id` = NEW.`tenant_id` AND `id` = NEW.`id` AND `search_id` IS NOT NULL;
END;
--> statement-breakpoint
CREATE TRIGGER `files_renamed` AFTER UPDATE OF `folded_name` ON `files`
WHEN NEW.`folded_name` <> OLD.`folded_name` AND NEW.`search_id` IS NOT NULL BEGIN
	UPDATE `file_search` SET `name` = NEW.`folded_name` WHERE rowid = NEW.`search_id`;
END;
--> statement-breakpoint
-- Bytes are those of stored versions: of live files the current one's, and the others'; of files in the trash all of them.
CREATE TRIGGER `files_moved` AFTER UPDATE OF `current_version`, `deleted_at_ms` ON `files`
WHEN NEW.`current_version` <> OLD.`current_version` OR (NEW.`deleted_at_ms` IS NULL) <> (OLD.`deleted_at_ms` IS NULL) BEGIN
	UPDATE `tenants` SET
		`files_bytes` = `files_bytes` + stored.`new_current` * (NEW.`deleted_at_ms` IS NULL)
			- stored.`old_current` * (OLD.`deleted_at_ms` IS NULL),
		`versions_bytes` = `versions_bytes` + (stored.`total` - stored.`new_current`) * (NEW.`deleted_at_ms` IS NULL)
			- (stored.`total` - stored.`old_current`) * (OLD.`deleted_at_ms` IS NULL),
		`trash_bytes` = `trash_bytes` + stored.`total` * ((NEW.`deleted_at_ms` IS NOT NULL) - (OLD.`deleted_at_ms` IS NOT NULL))
	FROM (
		SELECT
			coalesce(sum(`size_bytes`), 0) AS `total`,
			coalesce(sum(`size_bytes`) FILTER (WHERE `version` = NEW.`current_version`), 0) AS `new_current`,
			coalesce(sum(`size_bytes`) FILTER (WHERE `version` = OLD.`current_version`), 0) AS `old_current`
		FROM `file_versions`
		WHERE `tenant_id` = NEW.`tenant_id` AND `file_id` = NEW.`id` AND `state` <> 'uploading'
	) AS stored
	WHERE `tenant_id` = NEW.`tenant_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `files_current_changed` AFTER UPDATE OF `current_version` ON `files`
WHEN NEW.`current_version` <> OLD.`current_version` BEGIN
	UPDATE `files` SET `state` = v.`state`, `size_bytes` = coalesce(v.`size_bytes`, -1),
		`mime_type` = coalesce(v.`sniffed_type`, v.`declared_type`), `file_class` = v.`file_class`
	FROM (
		SELECT * FROM `file_versions`
		WHERE `tenant_id` = NEW.`tenant_id` AND `file_id` = NEW.`id` AND `version` = NEW.`current_version`
	) AS v
	WHERE `files`.`tenant_id` = NEW.`tenant_id` AND `files`.`id` = NEW.`id`;
END;
--> statement-breakpoint
-- Before the file, so that its versions' own trigger still finds where their bytes are counted.
CREATE TRIGGER `files_deleting` BEFORE DELETE ON `files` BEGIN
	DELETE FROM `file_versions` WHERE `tenant_id` = OLD.`tenant_id` AND `file_id` = OLD.`id`;
END;
--> statement-breakpoint
CREATE TRIGGER `files_deleted` AFTER DELETE ON `files` BEGIN
	UPDATE `tenants` SET `file_count` = `file_count` - 1 WHERE `tenant_id` = OLD.`tenant_id`;
	DELETE FROM `file_search` WHERE rowid = OLD.`search_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `file_versions_inserted` AFTER INSERT ON `file_versions` BEGIN
	UPDATE `files` SET `state` = NEW.`state`, `size_bytes` = coalesce(NEW.`size_bytes`, -1),
		`mime_type` = coalesce(NEW.`sniffed_type`, NEW.`declared_type`), `file_class` = NEW.`file_class`
	WHERE `tenant_id` = NEW.`tenant_id` AND `id` = NEW.`file_id` AND `current_version` = NEW.`version`;
	UPDATE `tenants` SET
		`files_bytes` = `files_bytes` + NEW.`size_bytes` * (f.`deleted_at_ms` IS NULL AND f.`current_version` = NEW.`version`),
		`versions_bytes` = `versions_bytes` + NEW.`size_bytes` * (f.`deleted_at_ms` IS NULL AND f.`current_version` <> NEW.`version`),
		`trash_bytes` = `trash_bytes` + NEW.`size_bytes` * (f.`deleted_at_ms` IS NOT NULL)
	FROM (SELECT * FROM `files` WHERE `tenant_id` = NEW.`tenant_id` AND `id` = NEW.`file_id`) AS f
	WHERE `tenants`.`tenant_id` = NEW.`tenant_id` AND NEW.`state` <> 'uploading';
END;
--> statement-breakpoint
CREATE TRIGGER `file_versions_changed` AFTER UPDATE OF `state`, `size_bytes`, `sniffed_type`, `declared_type`, `file_class` ON `file_versions` BEGIN
	UPDATE `files` SET `state` = NEW.`state`, `size_bytes` = coalesce(NEW.`size_bytes`, -1),
		`mime_type` = coalesce(NEW.`sniffed_type`, NEW.`declared_type`), `file_class` = NEW.`file_class`
	WHERE `tenant_id` = NEW.`tenant_id` AND `id` = NEW.`file_id` AND `current_version` = NEW.`version`;
	UPDATE `tenants` SET
		`files_bytes` = `files_bytes` + change.`bytes` * (f.`deleted_at_ms` IS NULL AND f.`current_version` = NEW.`version`),
		`versions_bytes` = `versions_bytes` + change.`bytes` * (f.`deleted_at_ms` IS NULL AND f.`current_version` <> NEW.`version`),
		`trash_bytes` = `trash_bytes` + change.`bytes` * (f.`deleted_at_ms` IS NOT NULL)
	FROM
		(SELECT * FROM `files` WHERE `tenant_id` = NEW.`tenant_id` AND `id` = NEW.`file_id`) AS f,
		(SELECT coalesce(NEW.`size_bytes`, 0) * (NEW.`state` <> 'uploading')
			- coalesce(OLD.`size_bytes`, 0) * (OLD.`state` <> 'uploading') AS `bytes`) AS change
	WHERE `tenants`.`tenant_id` = NEW.`tenant_id` AND change.`bytes` <> 0;
END;
--> statement-breakpoint
CREATE TRIGGER `file_versions_deleted` AFTER DELETE ON `file_versions` WHEN OLD.`state` <> 'uploading' BEGIN
	UPDATE `tenants` SET
		`files_bytes` = `files_bytes` - OLD.`size_bytes` * (f.`deleted_at_ms` IS NULL AND f.`current_version` = OLD.`version`),
		`versions_bytes` = `versions_bytes` - OLD.`size_bytes` * (f.`deleted_at_ms` IS NULL AND f.`current_version` <> OLD.`version`),
		`trash_bytes` = `trash_bytes` - OLD.`size_bytes` * (f.`deleted_at_ms` IS NOT NULL)
	FROM (SELECT * FROM `files` WHERE `tenant_id` = OLD.`tenant_id` AND `id` = OLD.`file_id`) AS f
	WHERE `tenants`.`tenant_id` = OLD.`tenant_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `derivatives_inserted` AFTER INSERT ON `derivatives` BEGIN
	UPDATE `tenants` SET `derivatives_bytes` = `derivatives_bytes` + NEW.`size_bytes` WHERE `tenant_id` = NEW.`tenant_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `derivatives_changed` AFTER UPDATE OF `size_bytes` ON `derivatives` BEGIN
	UPDATE `tenants` SET `derivatives_bytes` = `derivatives_bytes` + NEW.`size_bytes` - OLD.`size_bytes`
	WHERE `tenant_id` = NEW.`tenant_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `derivatives_deleted` AFTER DELETE ON `derivatives` BEGIN
	UPDATE `tenants` SET `derivatives_bytes` = `derivatives_bytes` - OLD.`size_bytes` WHERE `tenant_id` = OLD.`tenant_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `audit_events_changing` BEFORE UPDATE ON `audit_events` BEGIN
	SELECT raise(ABORT, 'audit events are append-only');
END;
--> statement-breakpoint
CREATE TRIGGER `audit_events_deleting` BEFORE DELETE ON `audit_events`
WHEN NOT EXISTS (SELECT 1 FROM `tenants` WHERE `tenant_id` = OLD.`tenant_id` AND `erasing_at_ms` IS NOT NULL) BEGIN
	SELECT raise(ABORT, 'audit events are append-only');
END;
--> statement-breakpoint
-- The files of before: their tenants, what triggers would have kept, and their names. SQLite folds ASCII only; the others
-- are folded when they are next renamed.
INSERT INTO `tenants` (`tenant_id`, `created_at_ms`) SELECT `tenant_id`, min(`created_at_ms`) FROM `files` GROUP BY `tenant_id`;
--> statement-breakpoint
UPDATE `files` SET
	`folded_name` = lower(`filename`),
	`last_version` = `current_version`,
	`state` = v.`state`, `size_bytes` = coalesce(v.`size_bytes`, -1), `mime_type` = coalesce(v.`sniffed_type`, v.`declared_type`),
	`file_class` = CASE
		WHEN v.`declared_type` LIKE 'image/%' THEN 'image'
		WHEN v.`declared_type` LIKE 'video/%' THEN 'video'
		WHEN v.`declared_type` LIKE 'audio/%' THEN 'audio'
		WHEN v.`declared_type` IN ('application/zip', 'application/x-zip-compressed', 'application/gzip', 'application/x-tar', 'application/x-7z-compressed') THEN 'other'
		ELSE 'document'
	END,
	`search_id` = (SELECT `number` << 30 FROM `tenants` WHERE `tenants`.`tenant_id` = `files`.`tenant_id`) | n.`place`
FROM
	`file_versions` AS v,
	(SELECT `tenant_id`, `id`, row_number() OVER (PARTITION BY `tenant_id` ORDER BY `created_at_ms`, `id`) AS `place` FROM `files`) AS n
WHERE v.`tenant_id` = `files`.`tenant_id` AND v.`file_id` = `files`.`id` AND v.`version` = `files`.`current_version`
	AND n.`tenant_id` = `files`.`tenant_id` AND n.`id` = `files`.`id`;
--> statement-breakpoint
UPDATE `file_versions` SET `original_filename` = f.`filename`, `uploaded_by` = f.`owner_id`, `file_class` = f.`file_class`
FROM `files` AS f WHERE f.`tenant_id` = `file_versions`.`tenant_id` AND f.`id` = `file_versions`.`file_id`;
--> statement-breakpoint
UPDATE `file_tags` SET `file_created_at_ms` = f.`created_at_ms`
FROM `files` AS f WHERE f.`tenant_id` = `file_tags`.`tenant_id` AND f.`id` = `file_tags`.`file_id`;
--> statement-breakpoint
INSERT INTO `file_search` (rowid, `name`) SELECT `search_id`, `folded_name` FROM `files` WHERE `search_id` IS NOT NULL;
--> statement-breakpoint
UPDATE `tenants` SET
	`file_sequence` = (SELECT count(*) FROM `files` AS f WHERE f.`tenant_id` = `tenants`.`tenant_id`),
	`file_count` = (SELECT count(*) FROM `files` AS f WHERE f.`tenant_id` = `tenants`.`tenant_id`),
	`files_bytes` = (SELECT coalesce(sum(v.`size_bytes`), 0) FROM `file_versions` AS v JOIN `files` AS f ON f.`tenant_id` = v.`tenant_id` AND f.`id` = v.`file_id`
		WHERE v.`tenant_id` = `tenants`.`tenant_id` AND v.`state` <> 'uploading' AND f.`deleted_at_ms` IS NULL),
	`trash_bytes` = (SELECT coalesce(sum(v.`size_bytes`), 0) FROM `file_versions` AS v JOIN `files` AS f ON f.`tenant_id` = v.`tenant_id` AND f.`id` = v.`file_id`
		WHERE v.`tenant_id` = `tenants`.`tenant_id` AND v.`state` <> 'uploading' AND f.`deleted_at_ms` IS NOT NULL),
	`derivatives_bytes` = (SELECT coalesce(sum(d.`size_bytes`), 0) FROM `derivatives` AS d WHERE d.`tenant_id` = `tenants`.`tenant_id`);
--> statement-breakpoint
UPDATE `files` SET `purge_at_ms` = `deleted_at_ms` + 30 * 86400000 WHERE `deleted_at_ms` IS NOT NULL;
