package io.arc.runtime.auth;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// All tokens at one moment. Immutable; another object after each change, so that whoever remembers an answer can tell by
/// identity whether it still holds.
final class StoredTokens {
    /// @param hash in one of the forms of [TokenHash], or another that no token matches
    record Row(TokenInfo info, String hash, String prefix) {}

    private final List<Row> rows;
    private final Map<String, List<Row>> byPrefix = new HashMap<>();
    private final List<Row> withoutPrefix = new ArrayList<>();

    /// @param rows by id
    StoredTokens(List<Row> rows) {
        this.rows = List.copyOf(rows);
        for (Row row : rows) {
            if (TokenHash.isSha256(row.hash())) {
                byPrefix.computeIfAbsent(row.hash().substring(0, TokenHash.PREFIX_LENGTH), prefix -> new ArrayList<>())
                        .add(row);
            } else if (!TokenHash.isPbkdf2(row.hash())) {
                continue;
            } else if (row.prefix().length() == TokenHash.PREFIX_LENGTH) {
                byPrefix.computeIfAbsent(row.prefix(), prefix -> new ArrayList<>()).add(row);
            } else {
                withoutPrefix.add(row);
            }
        }
    }

    List<Row> rows() {
        return rows;
    }

    /// Rows that a token of that SHA-256 can match, quick ones and slow ones.
    List<Row> candidates(String sha256Hex) {
        return byPrefix.getOrDefault(sha256Hex.substring(0, TokenHash.PREFIX_LENGTH), List.of());
    }

    /// Slow rows that any token can match.
    List<Row> withoutPrefix() {
        return Collections.unmodifiableList(withoutPrefix);
    }
}
