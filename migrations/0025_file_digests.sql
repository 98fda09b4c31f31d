-- Files are found by their bytes: the SHA-256 of the current version is kept with the file, as its state and size are.
ALTER TABLE `files` ADD `sha256` text;
--> statement-breakpoint
-- No row is in it yet: what there is already gets its digest with its next version, or in steps (docs/deployment.md).
CREATE INDEX `files_by_sha256` ON `files` (`tenant_id`,`sha256`,(entity_type IS NOT NULL AND entity_id IS NOT NULL),`owner_id`,`created_at_ms`,`id`) WHERE deleted_at_ms IS NULL AND purging_at_ms IS NULL AND sha256 IS NOT NULL;
--> statement-breakpoint
-- A verdict has written it already, unless it is the version before that works.
CREATE TRIGGER `file_versions_hashed` AFTER UPDATE OF `sha256` ON `file_versions` WHEN NEW.`sha256` IS NOT OLD.`sha256` BEGIN
	UPDATE `files` SET `sha256` = NEW.`sha256`
	WHERE `tenant_id` = NEW.`tenant_id` AND `id` = NEW.`file_id` AND `current_version` = NEW.`version`
		AND `sha256` IS NOT NEW.`sha256`;
END;
--> statement-breakpoint
DROP TRIGGER `files_current_changed`;
--> statement-breakpoint
CREATE TRIGGER `files_current_changed` AFTER UPDATE OF `current_version` ON `files`
WHEN NEW.`current_version` <> OLD.`current_version` BEGIN
	UPDATE `files` SET `state` = v.`state`, `size_bytes` = coalesce(v.`size_bytes`, -1),
		`mime_type` = coalesce(v.`sniffed_type`, v.`declared_type`), `file_class` = v.`file_class`, `sha256` = v.`sha256`
	FROM (
		SELECT * FROM `file_versions`
		WHERE `tenant_id` = NEW.`tenant_id` AND `file_id` = NEW.`id` AND `version` = NEW.`current_version`
	) AS v
	WHERE `files`.`tenant_id` = NEW.`tenant_id` AND `files`.`id` = NEW.`id`;
END;
