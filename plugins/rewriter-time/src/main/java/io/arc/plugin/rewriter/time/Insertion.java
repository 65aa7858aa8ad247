package io.arc.plugin.rewriter.time;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;

/// A text that goes in front of a byte of a statement.
record Insertion(int at, String text) {
    static String apply(byte[] sql, List<Insertion> insertions) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(sql.length + 64 * insertions.size());
        int done = 0;
        for (Insertion each : insertions.stream().sorted(Comparator.comparingInt(Insertion::at)).toList()) {
            out.write(sql, done, each.at() - done);
            out.writeBytes(each.text().getBytes(StandardCharsets.UTF_8));
            done = each.at();
        }
        out.write(sql, done, sql.length - done);
        return out.toString(StandardCharsets.UTF_8);
    }
}
