package io.arc.runtime.query;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;

/// Which functions a statement may call, from the reviewed list `functions.txt`. What the list does not know is refused.
///
/// @param expressions allowed in expressions
/// @param tables allowed where a table is
/// @param refused every name that was reviewed and refused, in either place
record FunctionList(Set<String> expressions, Set<String> tables, Set<String> refused) {
    static FunctionList load() {
        Set<String> expressions = new HashSet<>();
        Set<String> tables = new HashSet<>();
        Set<String> refused = new HashSet<>();
        Set<String> section = expressions;
        try (InputStream stream = FunctionList.class.getResourceAsStream("functions.txt");
                BufferedReader reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                if (line.equals("[expression]")) {
                    section = expressions;
                } else if (line.equals("[table]")) {
                    section = tables;
                } else if (line.startsWith("+ ")) {
                    section.add(line.substring(2));
                } else if (line.startsWith("- ")) {
                    refused.add(line.substring(2));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new FunctionList(Set.copyOf(expressions), Set.copyOf(tables), Set.copyOf(refused));
    }
}
