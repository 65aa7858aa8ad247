package io.arc.runtime.query;

import io.arc.api.ArcException;

/// A statement as DuckDB is to run it, and what keeps its tables readable. Owns the moment of the catalog and the shared rows.
///
/// @param sql the text, tables replaced
/// @param explain how it is explained, or null
/// @param unknownTable why there is nothing to run, when the options turn that into an empty answer; else null
/// @param cacheKey under which the answer may be kept, or null
record QueryPlan(String sql, Statement.Explain explain, ArcException unknownTable, ResultCache.Key cacheKey,
        Relations relations,
        TableSource.Snapshot snapshot) implements AutoCloseable {
    boolean isExplain() {
        return explain != null && unknownTable == null;
    }

    @Override
    public void close() {
        try {
            relations.close();
        } finally {
            snapshot.close();
        }
    }
}
