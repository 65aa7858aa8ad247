package io.arc.runtime.partition;

import io.arc.api.data.TableId;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Optional;

/// What the key of a Parquet object tells about it: any `*.parquet` below `{database}/{table}/` is a file of that table,
/// whoever wrote it and whatever the folders between are called.
///
/// @param table both names keep the rules of [Names]
/// @param hour the hour of a key in `{YYYY}/{MM}/{DD}/{HH}`; empty for a file directly under the table, in a day folder (daily
///     compaction) or in folders of other names
/// @param fileName the part after the last slash
public record DataKey(TableId table, Optional<HourPartition> hour, String fileName) {
    private static final String SUFFIX = ".parquet";
    private static final int HOUR_SEGMENTS = 7;

    /// Reads a key back.
    ///
    /// @return empty for what is no data file: another ending, a hidden name or folder (beginning with `.`), fewer than two
    ///     folders, or folders that cannot be a database and a table
    public static Optional<DataKey> parse(String key) {
        String[] segments = key.split("/", -1);
        String fileName = segments[segments.length - 1];
        if (segments.length < 3 || !fileName.endsWith(SUFFIX) || fileName.length() == SUFFIX.length()) {
            return Optional.empty();
        }
        for (String segment : segments) {
            if (segment.isEmpty() || segment.charAt(0) == '.') {
                return Optional.empty();
            }
        }
        if (Names.database(segments[0]).isPresent() || Names.table(segments[1]).isPresent()) {
            return Optional.empty();
        }
        Optional<HourPartition> hour = segments.length == HOUR_SEGMENTS ? hour(segments) : Optional.empty();
        return Optional.of(new DataKey(new TableId(segments[0], segments[1]), hour, fileName));
    }

    private static Optional<HourPartition> hour(String[] segments) {
        String year = segments[2];
        boolean negative = year.charAt(0) == '-';
        String yearDigits = negative ? year.substring(1) : year;
        // Folders are made without superfluous zeros; taking others too would give one hour two folders.
        boolean canonical = yearDigits.length() == 4 || yearDigits.length() > 4 && yearDigits.charAt(0) != '0';
        if (!canonical || yearDigits.length() > 6 || !isNumber(yearDigits) || negative && yearDigits.equals("0000")) {
            return Optional.empty();
        }
        for (int i = 3; i < 6; i++) {
            if (segments[i].length() != 2 || !isNumber(segments[i])) {
                return Optional.empty();
            }
        }
        int hourOfDay = Integer.parseInt(segments[5]);
        if (hourOfDay > 23) {
            return Optional.empty();
        }
        try {
            int signedYear = negative ? -Integer.parseInt(yearDigits) : Integer.parseInt(yearDigits);
            LocalDate day = LocalDate.of(signedYear, Integer.parseInt(segments[3]), Integer.parseInt(segments[4]));
            return Optional.of(new HourPartition(day.atStartOfDay().toEpochSecond(ZoneOffset.UTC) / 3600 + hourOfDay));
        } catch (DateTimeException | IllegalArgumentException noSuchHour) {
            return Optional.empty();
        }
    }

    private static boolean isNumber(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return true;
    }
}
