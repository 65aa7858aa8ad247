/// Blobs in one container of Azure Storage, by the vendor's SDK on the JDK's HTTP client. Knows the API and nothing else of the
/// server. Called from many threads at once; starts no thread of its own beyond those of the HTTP client and, while many blobs
/// are deleted, virtual ones.
package io.arc.plugin.storage.azure;
