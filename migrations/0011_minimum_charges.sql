-- What is stored counts 4 KiB at least, and uploads under way are counted: names and empty files aren't free.
ALTER TABLE `quota_reservations` ADD `owner_id` text;--> statement-breakpoint
ALTER TABLE `tenants` ADD `open_uploads` integer DEFAULT 0 NOT NULL;
--> statement-breakpoint
DROP TRIGGER `quota_reservations_inserted`;
--> statement-breakpoint
CREATE TRIGGER `quota_reservations_inserted` AFTER INSERT ON `quota_reservations` BEGIN
	UPDATE `tenants` SET `reserved_bytes` = `reserved_bytes` + NEW.`reserved_bytes`, `open_uploads` = `open_uploads` + (NEW.`spent_at_ms` IS NULL)
	WHERE `tenant_id` = NEW.`tenant_id`;
END;
--> statement-breakpoint
DROP TRIGGER `quota_reservations_deleted`;
--> statement-breakpoint
CREATE TRIGGER `quota_reservations_deleted` AFTER DELETE ON `quota_reservations` BEGIN
	UPDATE `tenants` SET `reserved_bytes` = `reserved_bytes` - OLD.`reserved_bytes`, `open_uploads` = `open_uploads` - (OLD.`spent_at_ms` IS NULL)
	WHERE `tenant_id` = OLD.`tenant_id`;
END;
--> statement-breakpoint
DROP TRIGGER `quota_reservations_changed`;
--> statement-breakpoint
CREATE TRIGGER `quota_reservations_changed` AFTER UPDATE OF `reserved_bytes`, `spent_at_ms` ON `quota_reservations` BEGIN
	UPDATE `tenants` SET `reserved_bytes` = `reserved_bytes` + NEW.`reserved_bytes` - OLD.`reserved_bytes`,
		`open_uploads` = `open_uploads` + (NEW.`spent_at_ms` IS NULL) - (OLD.`spent_at_ms` IS NULL)
	WHERE `tenant_id` = NEW.`tenant_id`;
END;
--> statement-breakpoint
DROP TRIGGER `files_moved`;
--> statement-breakpoint
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
			coalesce(sum(max(`size_bytes`, 4096)), 0) AS `total`,
			coalesce(sum(max(`size_bytes`, 4096)) FILTER (WHERE `version` = NEW.`current_version`), 0) AS `new_current`,
			coalesce(sum(max(`size_bytes`, 4096)) FILTER (WHERE `version` = OLD.`current_version`), 0) AS `old_current`
		FROM `file_versions`
		WHERE `tenant_id` = NEW.`tenant_id` AND `file_id` = NEW.`id` AND `state` <> 'uploading'
	) AS stored
	WHERE `tenant_id` = NEW.`tenant_id`;
END;
--> statement-breakpoint
DROP TRIGGER `file_versions_inserted`;
--> statement-breakpoint
CREATE TRIGGER `file_versions_inserted` AFTER INSERT ON `file_versions` BEGIN
	UPDATE `files` SET `state` = NEW.`state`
	WHERE `tenant_id` = NEW.`tenant_id` AND `id` = NEW.`file_id` AND `current_version` = NEW.`version`
		AND `state` <> NEW.`state`;
	UPDATE `files` SET `size_bytes` = coalesce(NEW.`size_bytes`, -1),
		`mime_type` = coalesce(NEW.`sniffed_type`, NEW.`declared_type`), `file_class` = NEW.`file_class`
	WHERE `tenant_id` = NEW.`tenant_id` AND `id` = NEW.`file_id` AND `current_version` = NEW.`version`
		AND (`size_bytes`, `mime_type`, `file_class`)
			<> (coalesce(NEW.`size_bytes`, -1), coalesce(NEW.`sniffed_type`, NEW.`declared_type`), NEW.`file_class`);
	UPDATE `tenants` SET
		`files_bytes` = `files_bytes` + max(NEW.`size_bytes`, 4096) * (f.`deleted_at_ms` IS NULL AND f.`current_version` = NEW.`version`),
		`versions_bytes` = `versions_bytes` + max(NEW.`size_bytes`, 4096) * (f.`deleted_at_ms` IS NULL AND f.`current_version` <> NEW.`version`),
		`trash_bytes` = `trash_bytes` + max(NEW.`size_bytes`, 4096) * (f.`deleted_at_ms` IS NOT NULL)
	FROM (SELECT * FROM `files` WHERE `tenant_id` = NEW.`tenant_id` AND `id` = NEW.`file_id`) AS f
	WHERE `tenants`.`tenant_id` = NEW.`tenant_id` AND NEW.`state` <> 'uploading';
END;
--> statement-breakpoint
DROP TRIGGER `file_versions_changed`;
--> statement-breakpoint
CREATE TRIGGER `file_versions_changed` AFTER UPDATE OF `state`, `size_bytes`, `sniffed_type`, `declared_type`, `file_class` ON `file_versions` BEGIN
	UPDATE `files` SET `state` = NEW.`state`
	WHERE `tenant_id` = NEW.`tenant_id` AND `id` = NEW.`file_id` AND `current_version` = NEW.`version`
		AND `state` <> NEW.`state`;
	UPDATE `files` SET `size_bytes` = coalesce(NEW.`size_bytes`, -1),
		`mime_type` = coalesce(NEW.`sniffed_type`, NEW.`declared_type`), `file_class` = NEW.`file_class`
	WHERE `tenant_id` = NEW.`tenant_id` AND `id` = NEW.`file_id` AND `current_version` = NEW.`version`
		AND (`size_bytes`, `mime_type`, `file_class`)
			<> (coalesce(NEW.`size_bytes`, -1), coalesce(NEW.`sniffed_type`, NEW.`declared_type`), NEW.`file_class`);
	UPDATE `tenants` SET
		`files_bytes` = `files_bytes` + change.`bytes` * (f.`deleted_at_ms` IS NULL AND f.`current_version` = NEW.`version`),
		`versions_bytes` = `versions_bytes` + change.`bytes` * (f.`deleted_at_ms` IS NULL AND f.`current_version` <> NEW.`version`),
		`trash_bytes` = `trash_bytes` + change.`bytes` * (f.`deleted_at_ms` IS NOT NULL)
	FROM
		(SELECT * FROM `files` WHERE `tenant_id` = NEW.`tenant_id` AND `id` = NEW.`file_id`) AS f,
		(SELECT max(coalesce(NEW.`size_bytes`, 0), 4096) * (NEW.`state` <> 'uploading')
			- max(coalesce(OLD.`size_bytes`, 0), 4096) * (OLD.`state` <> 'uploading') AS `bytes`) AS change
	WHERE `tenants`.`tenant_id` = NEW.`tenant_id` AND change.`bytes` <> 0;
END;
--> statement-breakpoint
DROP TRIGGER `file_versions_deleted`;
--> statement-breakpoint
CREATE TRIGGER `file_versions_deleted` AFTER DELETE ON `file_versions` WHEN OLD.`state` <> 'uploading' BEGIN
	UPDATE `tenants` SET
		`files_bytes` = `files_bytes` - max(OLD.`size_bytes`, 4096) * (f.`deleted_at_ms` IS NULL AND f.`current_version` = OLD.`version`),
		`versions_bytes` = `versions_bytes` - max(OLD.`size_bytes`, 4096) * (f.`deleted_at_ms` IS NULL AND f.`current_version` <> OLD.`version`),
		`trash_bytes` = `trash_bytes` - max(OLD.`size_bytes`, 4096) * (f.`deleted_at_ms` IS NOT NULL)
	FROM (SELECT * FROM `files` WHERE `tenant_id` = OLD.`tenant_id` AND `id` = OLD.`file_id`) AS f
	WHERE `tenants`.`tenant_id` = OLD.`tenant_id`;
END;
--> statement-breakpoint
-- What there is already. What is reserved stays as it is until its upload is over.
UPDATE `tenants` SET
	`files_bytes` = (SELECT coalesce(sum(max(v.`size_bytes`, 4096)), 0) FROM `file_versions` AS v
		JOIN `files` AS f ON f.`tenant_id` = v.`tenant_id` AND f.`id` = v.`file_id`
		WHERE v.`tenant_id` = `tenants`.`tenant_id` AND v.`state` <> 'uploading' AND f.`deleted_at_ms` IS NULL AND f.`current_version` = v.`version`),
	`versions_bytes` = (SELECT coalesce(sum(max(v.`size_bytes`, 4096)), 0) FROM `file_versions` AS v
		JOIN `files` AS f ON f.`tenant_id` = v.`tenant_id` AND f.`id` = v.`file_id`
		WHERE v.`tenant_id` = `tenants`.`tenant_id` AND v.`state` <> 'uploading' AND f.`deleted_at_ms` IS NULL AND f.`current_version` <> v.`version`),
	`trash_bytes` = (SELECT coalesce(sum(max(v.`size_bytes`, 4096)), 0) FROM `file_versions` AS v
		JOIN `files` AS f ON f.`tenant_id` = v.`tenant_id` AND f.`id` = v.`file_id`
		WHERE v.`tenant_id` = `tenants`.`tenant_id` AND v.`state` <> 'uploading' AND f.`deleted_at_ms` IS NOT NULL),
	`open_uploads` = (SELECT count(*) FROM `quota_reservations` AS r
		WHERE r.`tenant_id` = `tenants`.`tenant_id` AND r.`spent_at_ms` IS NULL);
