package io.arc.api.data;

/// What a client called a column. Tags identify a series (and key de-duplication), fields hold measured values. Both are
/// stored alike.
public enum Role {
    TAG, FIELD
}
