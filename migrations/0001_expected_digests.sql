-- Digests that a client announced for a whole file: kept with the version, so that a job sent again still has them.
ALTER TABLE `file_versions` ADD `expected_digests` text;