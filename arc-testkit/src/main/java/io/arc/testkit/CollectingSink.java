package io.arc.testkit;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Column;
import io.arc.api.data.Column.BooleanColumn;
import io.arc.api.data.Column.DictionaryColumn;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.Column.Utf8Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.Utf8Block;
import io.arc.api.spi.IngestProtocol.Sink;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// Takes what a decoder emits and checks every batch against the rules of `io.arc.api.data`. One thread.
public final class CollectingSink implements Sink {
    private static final Pattern TABLE = Pattern.compile("[A-Za-z][A-Za-z0-9_-]{0,127}");

    private final List<ColumnBatch> batches = new ArrayList<>();
    private final List<Rejection> rejections = new ArrayList<>();
    private final List<String> violations = new ArrayList<>();

    /// A refused record, as the decoder reported it.
    public record Rejection(long record, int position, String reason) {}

    @Override
    public void accept(ColumnBatch batch) {
        if (batch.rowCount() == 0) {
            return;
        }
        tableNameProblem(batch.table().table()).ifPresent(problem -> {
            throw new ArcException(ErrorCode.INVALID_NAME, "the table name '" + batch.table().table() + "' " + problem);
        });
        check(batch);
        batches.add(batch);
    }

    @Override
    public Optional<String> tableNameProblem(String table) {
        return TABLE.matcher(table).matches() ? Optional.empty()
                : Optional.of("is not a letter followed by up to 127 letters, digits, '_' or '-'");
    }

    @Override
    public void reject(long record, int position, String reason) {
        if (record < 1 || position < 0 || reason.isBlank()) {
            violations.add("reject(" + record + ", " + position + ", '" + reason
                    + "'): records count from 1, positions from 0, and a reason says something");
        }
        rejections.add(new Rejection(record, position, reason));
    }

    public List<ColumnBatch> batches() {
        return List.copyOf(batches);
    }

    public List<Rejection> rejections() {
        return List.copyOf(rejections);
    }

    /// What the decoder did against the rules; a good one leaves this empty.
    public List<String> violations() {
        return List.copyOf(violations);
    }

    /// See [RowText].
    public List<String> rows() {
        return RowText.lines(batches);
    }

    private void check(ColumnBatch batch) {
        Set<String> names = new HashSet<>();
        for (Column column : batch.columns()) {
            String where = "column '" + column.name() + "' of " + batch.table() + ": ";
            if (column.name().isEmpty() || column.name().equals("time")) {
                violations.add(where + "this name is not allowed");
            }
            if (!names.add(column.name())) {
                violations.add(where + "the name is there twice");
            }
            switch (column) {
                case LongColumn any -> { }
                case DoubleColumn any -> { }
                case BooleanColumn any -> { }
                case Utf8Column text -> checkBlock(where, text.values(), batch.rowCount());
                case DictionaryColumn text -> checkDictionary(where, text, batch.rowCount());
            }
        }
    }

    private void checkBlock(String where, Utf8Block block, int count) {
        int[] offsets = block.offsets();
        for (int i = 0; i < count; i++) {
            if (offsets[i] < 0 || offsets[i] > offsets[i + 1] || offsets[i + 1] > block.bytes().length) {
                violations.add(where + "offsets " + offsets[i] + " to " + offsets[i + 1] + " of entry " + i + " in "
                        + block.bytes().length + " bytes");
                return;
            }
            try {
                StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(block.bytes(), offsets[i], block.length(i)));
            } catch (CharacterCodingException invalid) {
                violations.add(where + "entry " + i + " is not valid UTF-8");
                return;
            }
        }
    }

    private void checkDictionary(String where, DictionaryColumn column, int rowCount) {
        int largest = -1;
        for (int row = 0; row < rowCount; row++) {
            if (column.validity().isPresent(row)) {
                int code = column.codes()[row];
                if (code < 0 || code > column.dictionary().offsets().length - 2) {
                    violations.add(where + "code " + code + " of row " + row + " with "
                            + (column.dictionary().offsets().length - 1)
                            + " entries");
                    return;
                }
                largest = Math.max(largest, code);
            }
        }
        checkBlock(where, column.dictionary(), largest + 1);
        Set<String> entries = new HashSet<>();
        for (int code = 0; code <= largest; code++) {
            if (!entries.add(column.dictionary().string(code))) {
                violations.add(where + "the dictionary holds '" + column.dictionary().string(code) + "' twice");
                return;
            }
        }
    }
}
