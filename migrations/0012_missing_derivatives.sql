-- Derivatives of any name that the contract has, those that can't be made with why, and what the processor has to make them.
CREATE TABLE `missing_derivatives` (
	`tenant_id` text NOT NULL,
	`file_id` text NOT NULL,
	`version` integer NOT NULL,
	`name` text NOT NULL,
	`state` text NOT NULL,
	`reason` text NOT NULL,
	`attempts` integer DEFAULT 1 NOT NULL,
	`at_ms` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `file_id`, `version`, `name`),
	FOREIGN KEY (`tenant_id`,`file_id`,`version`) REFERENCES `file_versions`(`tenant_id`,`file_id`,`version`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "missing_derivatives_state" CHECK("missing_derivatives"."state" IN ('none', 'failed'))
);
--> statement-breakpoint
-- Made anew without its check of names; what hangs on it hung on the old one.
CREATE TABLE `__new_derivatives` (
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
	FOREIGN KEY (`tenant_id`,`file_id`,`version`) REFERENCES `file_versions`(`tenant_id`,`file_id`,`version`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
INSERT INTO `__new_derivatives`("tenant_id", "file_id", "version", "name", "object_key", "mime_type", "size_bytes", "width", "height", "created_at_ms") SELECT "tenant_id", "file_id", "version", "name", "object_key", "mime_type", "size_bytes", "width", "height", "created_at_ms" FROM `derivatives`;--> statement-breakpoint
DROP TABLE `derivatives`;--> statement-breakpoint
ALTER TABLE `__new_derivatives` RENAME TO `derivatives`;--> statement-breakpoint
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
ALTER TABLE `processor_heartbeats` ADD `tools` text DEFAULT '[]' NOT NULL;