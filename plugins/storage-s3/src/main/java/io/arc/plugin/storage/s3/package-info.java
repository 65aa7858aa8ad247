/// The store of objects in a bucket of S3, of MinIO or of another store that speaks S3, S3 Express directory buckets included.
///
/// [S3Storage] is found by the runtime and reads the keys into [S3Settings]; [S3ObjectStore] is the live store. Every call is
/// tried once: repeating is the runtime's. Calls run on their callers' threads, except for the parts of large objects, which
/// have a few threads of their own. What a failure means, surely nothing or perhaps everything, is decided in [S3Failures] alone.
package io.arc.plugin.storage.s3;
