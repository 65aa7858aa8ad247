/// The error model that every room and every plugin of Arc shares: one unchecked exception, one enum of codes.
///
/// Nothing here does I/O or starts a thread. `io.arc.api.data` builds on this package, `io.arc.api.spi` on both.
package io.arc.api;
