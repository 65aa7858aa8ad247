/// The truth about what is stored: databases, tables, one schema per table, data files with the log ranges they hold, locks.
/// Kept in one SQLite file, mirrored in memory as immutable snapshots; whoever reads, reads a snapshot and does no I/O.
///
/// Every change is a transaction on the one platform thread `arc-catalog` ([io.arc.runtime.catalog.CatalogDatabase]), which
/// gathers waiting changes into one commit; callers, virtual threads included, only wait. Other rooms that keep tables in the
/// same file (auth, later policies) go through the same thread. SQLite's driver is imported here and nowhere else.
///
/// [io.arc.runtime.catalog.SchemaRegistry] is the schema at the door: ahead of the catalog, asked by every write, lock-free for
/// batches that bring nothing new.
package io.arc.runtime.catalog;
