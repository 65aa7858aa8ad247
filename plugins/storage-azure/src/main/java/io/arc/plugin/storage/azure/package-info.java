/// Blobs in one container of Azure Storage, by the vendor's SDK on the JDK's HTTP connections. Knows the API and nothing else of the
/// server. Called from many threads at once; starts no thread of its own beyond one that watches deadlines and, while many blobs
/// are deleted, virtual ones.
package io.arc.plugin.storage.azure;
