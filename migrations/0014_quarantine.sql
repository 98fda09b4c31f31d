-- Blocked versions: since when, and until when they are kept; and verdicts by people.
ALTER TABLE `file_versions` ADD `blocked_at_ms` integer;--> statement-breakpoint
ALTER TABLE `file_versions` ADD `purge_at_ms` integer;--> statement-breakpoint
CREATE INDEX `file_versions_blocked` ON `file_versions` (`tenant_id`,`blocked_at_ms`,`file_id`,`version`) WHERE blocked_at_ms IS NOT NULL;--> statement-breakpoint
CREATE INDEX `file_versions_to_purge` ON `file_versions` (`purge_at_ms`) WHERE purge_at_ms IS NOT NULL;--> statement-breakpoint
ALTER TABLE `verdicts` ADD `decided_by` text;--> statement-breakpoint
ALTER TABLE `verdicts` ADD `reason` text;
--> statement-breakpoint
-- Those of before are kept as long from now on.
UPDATE `file_versions` SET
	`blocked_at_ms` = coalesce((SELECT max(v.`scanned_at_ms`) FROM `verdicts` AS v WHERE v.`tenant_id` = `file_versions`.`tenant_id`
		AND v.`file_id` = `file_versions`.`file_id` AND v.`version` = `file_versions`.`version`), `created_at_ms`),
	`purge_at_ms` = (unixepoch() + 30 * 86400) * 1000
WHERE `state` IN ('infected', 'unscannable');
