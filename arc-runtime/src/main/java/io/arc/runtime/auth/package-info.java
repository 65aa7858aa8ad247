/// Who calls, and what the caller may do: credentials out of requests, tokens at rest, the check of one against the other.
///
/// Imports `io.arc.api` and the catalog's SQLite seam ([io.arc.runtime.catalog.CatalogDatabase]); the HTTP room, its only
/// visitor, knows nothing of tables or hashes. Checking runs on the request's own thread without I/O, as all tokens are
/// mirrored in memory; changes run on the catalog's thread.
package io.arc.runtime.auth;
