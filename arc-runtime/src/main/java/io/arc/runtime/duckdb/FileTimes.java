package io.arc.runtime.duckdb;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/// What is in the column `time` of a Parquet file whose footer does not tell it.
///
/// @param min the least value: microseconds since 1970 UTC, or the number itself for a column of integers; 0 without any
/// @param max the greatest value
/// @param nulls rows without a value
public record FileTimes(long min, long max, long nulls) {
    /// Reads the whole column.
    ///
    /// @param file below one of the instance's readable directories
    /// @param name of the file, for messages
    /// @param integer whether the column is an integer instead of a timestamp
    /// @throws ArcException CORRUPT_DATA when the file cannot be read
    public static FileTimes read(DuckDb duckDb, Path file, String name, boolean integer) {
        String micros = integer ? "\"time\"" : "epoch_us(CAST(\"time\" AS TIMESTAMPTZ))";
        String sql = "SELECT min(" + micros + "), max(" + micros + "), count(*) - count(\"time\") FROM read_parquet("
                + SqlText.literal(file.toString()) + ", hive_partitioning = false)";
        try (Connection connection = duckDb.connect(); Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return new FileTimes(row.getLong(1), row.getLong(2), row.getLong(3));
        } catch (SQLException unreadable) {
            String reason = String.valueOf(unreadable.getMessage()).lines().findFirst().orElse("").replace(file.toString(), name);
            throw new ArcException(ErrorCode.CORRUPT_DATA, "The times of file " + name + " cannot be read: " + reason, unreadable);
        }
    }
}
