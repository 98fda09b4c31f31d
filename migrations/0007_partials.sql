-- Which final upload a partial one was joined to: it keeps what it has reserved until that one is stored.
ALTER TABLE `quota_reservations` ADD `final_id` text;--> statement-breakpoint
ALTER TABLE `quota_reservations` ADD `final_version` integer;