package io.arc.runtime.catalog;

import io.arc.api.data.ColumnType;
import io.arc.api.data.Role;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// Where a data file comes from and how its table looked then. It stands in the file's footer, so that a catalog can be built
/// anew from storage alone, with the same answers.
///
/// | Key | Value |
/// |---|---|
/// | `arc:wal` | the log ranges that the flush covers (of a merged file: all its inputs' ranges), `writer:first-last` |
/// | `arc:flush` | `id part parts`: one flush, or one merge, which counts only when all its parts are there |
/// | `arc:tags` | the names of the file's tag columns |
/// | `arc:columns` | for each of the file's columns its place in the table, followed by `i`, `f`, `b` or `t` (INT64, FLOAT64, BOOLEAN, TEXT) where the table's type is another than the file's |
/// | `arc:absent` | columns that the file lacks and of which no earlier file tells, or not with this type: `place`, type letter or `u` (no value has come yet), `t` for a tag or `f` for a field, a colon, the name |
/// | `arc:replaces` | the keys of the files whose rows this one took over: the inputs of its merge |
/// | `arc:replaced` | of what the inputs had replaced (or had here), those keys that were still in the store |
/// | `arc:level` | [DataFile#level] where it is not 0 |
///
/// Lists are comma-separated; in names and keys a comma is `%2C` and a percent sign `%25`.
///
/// @param coverage see `arc:wal`
/// @param part empty for a file that stands for itself
/// @param tags names of tag columns
/// @param columns one for each column of the file besides `time`, in the file's order; empty when the file does not say
/// @param absent see `arc:absent`
/// @param replaces see `arc:replaces`
/// @param replacedBefore see `arc:replaced`: an input's object may be deleted before all that it replaced is, and then nothing
///     else would tell that those are dead
public record FileOrigin(List<WalRange> coverage, Optional<Part> part, Set<String> tags, List<Place> columns,
        List<AbsentColumn> absent, List<String> replaces, List<String> replacedBefore, int level) {
    public static final String WAL_KEY = "arc:wal";
    public static final String FLUSH_KEY = "arc:flush";
    public static final String TAGS_KEY = "arc:tags";
    public static final String COLUMNS_KEY = "arc:columns";
    public static final String ABSENT_KEY = "arc:absent";
    public static final String REPLACES_KEY = "arc:replaces";
    public static final String REPLACED_KEY = "arc:replaced";
    public static final String LEVEL_KEY = "arc:level";
    private static final Set<String> KEYS =
            Set.of(WAL_KEY, FLUSH_KEY, TAGS_KEY, COLUMNS_KEY, ABSENT_KEY, REPLACES_KEY, REPLACED_KEY, LEVEL_KEY);

    public FileOrigin {
        coverage = List.copyOf(coverage);
        Objects.requireNonNull(part, "part");
        tags = Set.copyOf(tags);
        columns = List.copyOf(columns);
        absent = List.copyOf(absent);
        replaces = List.copyOf(replaces);
        replacedBefore = List.copyOf(replacedBefore);
    }

    /// One file of several that count together.
    ///
    /// @param id unique among all flushes and merges
    /// @param number from 1
    /// @param count how many there are
    public record Part(String id, int number, int count) {
        public Part {
            if (id.isEmpty() || id.indexOf(' ') >= 0 || number < 1 || number > count) {
                throw new IllegalArgumentException("part " + number + " of " + count + " of '" + id + "'");
            }
        }
    }

    /// Where a column of the file stands in the table.
    ///
    /// @param type the table's, where it is another than the file's
    public record Place(int position, Optional<ColumnType> type) {}

    /// A column of the table that no file has.
    public record AbsentColumn(int position, ColumnSchema column, boolean typed) {}

    /// The origin of a new file.
    ///
    /// @param schema the table's
    /// @param fileColumns the file's own columns, with the types they have in it
    /// @param inFiles the table as its files have it so far: what the schema has beyond that is told by the new file
    public static FileOrigin of(List<WalRange> coverage, Optional<Part> part, TableSchema schema, List<ColumnSchema> fileColumns,
            TableSchema inFiles, List<String> replaces, List<String> replacedBefore, int level) {
        Map<String, ColumnSchema> own = new LinkedHashMap<>();
        fileColumns.forEach(column -> own.put(column.name(), column));
        Map<String, Place> places = new LinkedHashMap<>();
        List<AbsentColumn> absent = new ArrayList<>();
        for (int position = 0; position < schema.columns().size(); position++) {
            ColumnSchema column = schema.columns().get(position);
            ColumnSchema stored = own.get(column.name());
            if (stored != null) {
                places.put(column.name(), new Place(position,
                        stored.type() == column.type() ? Optional.empty() : Optional.of(column.type())));
            } else if (!isTold(inFiles, column)) {
                absent.add(new AbsentColumn(position, column, schema.isTyped(column.name())));
            }
        }
        List<Place> columns = fileColumns.stream().map(column -> places.get(column.name())).toList();
        return new FileOrigin(coverage, part,
                fileColumns.stream().filter(column -> column.role() == Role.TAG).map(ColumnSchema::name).collect(Collectors.toSet()),
                columns, absent, replaces, replacedBefore, level);
    }

    private static boolean isTold(TableSchema inFiles, ColumnSchema column) {
        return inFiles.isTyped(column.name())
                && inFiles.find(column.name()).filter(known -> known.type() == column.type()).isPresent();
    }

    /// The footer's entries, in a fixed order.
    public Map<String, String> properties() {
        Map<String, String> footer = new LinkedHashMap<>();
        footer.put(WAL_KEY, coverage.stream().map(range -> range.writer() + ":" + range.first() + "-" + range.last()).sorted()
                .collect(Collectors.joining(",")));
        part.ifPresent(known -> footer.put(FLUSH_KEY, known.id() + " " + known.number() + " " + known.count()));
        putList(footer, TAGS_KEY, tags.stream().sorted().map(FileOrigin::escaped).toList());
        putList(footer, COLUMNS_KEY, columns.stream().map(place -> place.position()
                + place.type().map(type -> String.valueOf(letter(type))).orElse("")).toList());
        putList(footer, ABSENT_KEY, absent.stream().map(column -> column.position()
                + (column.typed() ? String.valueOf(letter(column.column().type())) : "u")
                + (column.column().role() == Role.TAG ? 't' : 'f') + ":" + escaped(column.column().name())).toList());
        putList(footer, REPLACES_KEY, replaces.stream().map(FileOrigin::escaped).toList());
        putList(footer, REPLACED_KEY, replacedBefore.stream().map(FileOrigin::escaped).toList());
        if (level != 0) {
            footer.put(LEVEL_KEY, Integer.toString(level));
        }
        return footer;
    }

    private static void putList(Map<String, String> footer, String key, List<String> items) {
        if (!items.isEmpty()) {
            footer.put(key, String.join(",", items));
        }
    }

    /// Reads a footer's entries.
    ///
    /// @return empty for a file of another writer, which has none of the keys
    /// @throws IllegalArgumentException naming the key whose value cannot be read
    public static Optional<FileOrigin> parse(Map<String, String> footer) {
        if (footer.keySet().stream().noneMatch(KEYS::contains)) {
            return Optional.empty();
        }
        return Optional.of(new FileOrigin(
                list(footer, WAL_KEY).stream().map(item -> read(WAL_KEY, item, FileOrigin::range)).toList(),
                Optional.ofNullable(footer.get(FLUSH_KEY)).map(text -> read(FLUSH_KEY, text, FileOrigin::part)),
                list(footer, TAGS_KEY).stream().map(FileOrigin::plain).collect(Collectors.toSet()),
                list(footer, COLUMNS_KEY).stream().map(item -> read(COLUMNS_KEY, item, FileOrigin::place)).toList(),
                list(footer, ABSENT_KEY).stream().map(item -> read(ABSENT_KEY, item, FileOrigin::absentColumn)).toList(),
                list(footer, REPLACES_KEY).stream().map(FileOrigin::plain).toList(),
                list(footer, REPLACED_KEY).stream().map(FileOrigin::plain).toList(),
                read(LEVEL_KEY, footer.getOrDefault(LEVEL_KEY, "0"), Integer::parseInt)));
    }

    @FunctionalInterface
    private interface Item<T> {
        T read(String text);
    }

    private static <T> T read(String key, String text, Item<T> item) {
        try {
            return item.read(text);
        } catch (IllegalArgumentException | IndexOutOfBoundsException damaged) {
            throw new IllegalArgumentException("its footer says " + key + " = '" + text + "', which no Arc writes", damaged);
        }
    }

    private static List<String> list(Map<String, String> footer, String key) {
        String text = footer.getOrDefault(key, "");
        return text.isEmpty() ? List.of() : Arrays.asList(text.split(",", -1));
    }

    private static WalRange range(String text) {
        int colon = text.lastIndexOf(':');
        int dash = text.indexOf('-', colon);
        return new WalRange(text.substring(0, colon), Long.parseLong(text, colon + 1, dash, 10),
                Long.parseLong(text, dash + 1, text.length(), 10));
    }

    private static Part part(String text) {
        String[] words = text.split(" ", -1);
        if (words.length != 3) {
            throw new IllegalArgumentException(text);
        }
        return new Part(words[0], Integer.parseInt(words[1]), Integer.parseInt(words[2]));
    }

    private static Place place(String text) {
        int digits = digits(text);
        if (digits < text.length() - 1) {
            throw new IllegalArgumentException(text);
        }
        return new Place(Integer.parseInt(text, 0, digits, 10),
                digits == text.length() ? Optional.empty() : Optional.of(type(text.charAt(digits))));
    }

    private static AbsentColumn absentColumn(String text) {
        int digits = digits(text);
        char type = text.charAt(digits);
        char role = text.charAt(digits + 1);
        if (text.charAt(digits + 2) != ':' || role != 't' && role != 'f') {
            throw new IllegalArgumentException(text);
        }
        return new AbsentColumn(Integer.parseInt(text, 0, digits, 10), new ColumnSchema(plain(text.substring(digits + 3)),
                type == 'u' ? ColumnType.TEXT : type(type), role == 't' ? Role.TAG : Role.FIELD), type != 'u');
    }

    private static int digits(String text) {
        int digits = 0;
        while (digits < text.length() && text.charAt(digits) >= '0' && text.charAt(digits) <= '9') {
            digits++;
        }
        return digits;
    }

    private static char letter(ColumnType type) {
        return switch (type) {
            case INT64 -> 'i';
            case FLOAT64 -> 'f';
            case BOOLEAN -> 'b';
            case TEXT -> 't';
        };
    }

    private static ColumnType type(char letter) {
        return switch (letter) {
            case 'i' -> ColumnType.INT64;
            case 'f' -> ColumnType.FLOAT64;
            case 'b' -> ColumnType.BOOLEAN;
            case 't' -> ColumnType.TEXT;
            default -> throw new IllegalArgumentException("type '" + letter + "'");
        };
    }

    private static String escaped(String text) {
        return text.replace("%", "%25").replace(",", "%2C");
    }

    private static String plain(String text) {
        return text.replace("%2C", ",").replace("%25", "%");
    }
}
