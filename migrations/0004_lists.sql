-- Lists of any filter, order and search by an index, however many files a tenant has.
DROP INDEX `files_by_creation`;--> statement-breakpoint
DROP INDEX `files_by_owner`;--> statement-breakpoint
DROP INDEX `files_by_entity`;--> statement-breakpoint
DROP INDEX `file_tags_by_file`;--> statement-breakpoint
CREATE INDEX `file_tags_by_file` ON `file_tags` (`tenant_id`,`file_id`,`tag`);--> statement-breakpoint
CREATE INDEX `files_by_name` ON `files` (`tenant_id`,`folded_name`,`id`,`owner_id`,`entity_type`,`file_class`,`created_at_ms`) WHERE deleted_at_ms IS NULL AND purging_at_ms IS NULL;--> statement-breakpoint
CREATE INDEX `files_by_size` ON `files` (`tenant_id`,`size_bytes`,`id`,`owner_id`,`entity_type`,`file_class`,`created_at_ms`,`folded_name`) WHERE deleted_at_ms IS NULL AND purging_at_ms IS NULL;--> statement-breakpoint
CREATE INDEX `files_by_state` ON `files` (`tenant_id`,`state`,`created_at_ms`,`id`) WHERE deleted_at_ms IS NULL AND purging_at_ms IS NULL;--> statement-breakpoint
CREATE INDEX `files_by_class` ON `files` (`tenant_id`,`file_class`,`created_at_ms`,`id`) WHERE deleted_at_ms IS NULL AND purging_at_ms IS NULL;--> statement-breakpoint
CREATE INDEX `files_by_type` ON `files` (`tenant_id`,`mime_type`,`created_at_ms`,`id`) WHERE deleted_at_ms IS NULL AND purging_at_ms IS NULL;--> statement-breakpoint
CREATE INDEX `files_in_trash` ON `files` (`tenant_id`,`deleted_at_ms`,`id`,`owner_id`,`entity_type`,`file_class`,`created_at_ms`,`folded_name`) WHERE deleted_at_ms IS NOT NULL AND purging_at_ms IS NULL;--> statement-breakpoint
CREATE INDEX `files_in_trash_by_owner` ON `files` (`tenant_id`,`owner_id`,`deleted_at_ms`,`id`,`entity_type`,`file_class`,`created_at_ms`,`folded_name`) WHERE deleted_at_ms IS NOT NULL AND purging_at_ms IS NULL;--> statement-breakpoint
CREATE INDEX `files_by_creation` ON `files` (`tenant_id`,`created_at_ms`,`id`,`owner_id`,`entity_type`,`file_class`,`folded_name`) WHERE deleted_at_ms IS NULL AND purging_at_ms IS NULL;--> statement-breakpoint
CREATE INDEX `files_by_owner` ON `files` (`tenant_id`,`owner_id`,`created_at_ms`,`id`,`entity_type`,`file_class`,`folded_name`,`size_bytes`) WHERE deleted_at_ms IS NULL AND purging_at_ms IS NULL;--> statement-breakpoint
CREATE INDEX `files_by_entity` ON `files` (`tenant_id`,`entity_type`,`entity_id`,`created_at_ms`,`id`) WHERE deleted_at_ms IS NULL AND purging_at_ms IS NULL AND entity_type IS NOT NULL;
--> statement-breakpoint
-- A listed fact is written where it changed: each costs a written row for every index that has it.
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
		`files_bytes` = `files_bytes` + NEW.`size_bytes` * (f.`deleted_at_ms` IS NULL AND f.`current_version` = NEW.`version`),
		`versions_bytes` = `versions_bytes` + NEW.`size_bytes` * (f.`deleted_at_ms` IS NULL AND f.`current_version` <> NEW.`version`),
		`trash_bytes` = `trash_bytes` + NEW.`size_bytes` * (f.`deleted_at_ms` IS NOT NULL)
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
		(SELECT coalesce(NEW.`size_bytes`, 0) * (NEW.`state` <> 'uploading')
			- coalesce(OLD.`size_bytes`, 0) * (OLD.`state` <> 'uploading') AS `bytes`) AS change
	WHERE `tenants`.`tenant_id` = NEW.`tenant_id` AND change.`bytes` <> 0;
END;
