package io.arc.runtime.ingest;

/// How writes are judged.
///
/// @param sanitizeNames repair table names that break the rules instead of refusing them
/// @param refusePartial refuse a whole body for one bad record instead of storing the good ones
public record IngestOptions(boolean sanitizeNames, boolean refusePartial) {}
