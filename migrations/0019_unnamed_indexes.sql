-- Indexes that no version since 0018 names. To be applied when every isolate of the version before is gone.
DROP INDEX `files_by_state`;--> statement-breakpoint
DROP INDEX `files_by_class`;
