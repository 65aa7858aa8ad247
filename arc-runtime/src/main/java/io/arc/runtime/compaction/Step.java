package io.arc.runtime.compaction;

/// How far a job has come. Between any two of them the process may end, and nothing is lost or there twice.
enum Step {
    LOCKED, MERGED, ANNOUNCED, STORED, COMMITTED, RELEASED
}
