-- When a partial upload's final one was stored: its row stays for a while and tells which one that was.
ALTER TABLE `quota_reservations` ADD `spent_at_ms` integer;