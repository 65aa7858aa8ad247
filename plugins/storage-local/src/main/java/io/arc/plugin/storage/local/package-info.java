/// The store of files on a local disk or a mounted file system. A key is a path below the root; a finished file appears at
/// once and whole, under its name, and is on the disk before a put returns.
///
/// [LocalStorage] is found by the runtime, everything else belongs to it. The store runs on its callers' threads; one thread
/// of its own removes what a crash left behind, and ends by itself.
package io.arc.plugin.storage.local;
