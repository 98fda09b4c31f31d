-- By which creation a grant was used: whoever lost its answer asks for the same again.
ALTER TABLE `quota_reservations` ADD `creation_key` text;