/// Objects in one bucket of Google Cloud Storage, by the vendor's SDK over JSON and HTTP. Knows the API and nothing else of the
/// server. Called from many threads at once; starts virtual threads while many objects are deleted.
package io.arc.plugin.storage.gcs;
