package io.arc.runtime.recovery;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.ColumnType;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.runtime.catalog.ColumnSchema;
import io.arc.runtime.catalog.ColumnStats;
import io.arc.runtime.catalog.FileOrigin;
import io.arc.runtime.catalog.TableSchema;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;

/// Finds a table's schema from its files. Arc's own files say at which place in the table each of their columns stood; as
/// columns are only ever appended, they all agree on who comes before whom, also after a rebuild has closed the gaps that
/// columns without any file leave. Columns that other programs' files have alone come last, in the order of those files.
final class SchemaOrder {
    private final TableId table;
    private final Map<String, Node> nodes = new LinkedHashMap<>();
    private final List<Node> appended = new ArrayList<>();

    private static final class Node {
        private final String name;
        private int position = Integer.MAX_VALUE;
        private ColumnType type;
        private Role role = Role.FIELD;
        private final Set<Node> after = new HashSet<>();
        private int before;
        private boolean placed;

        Node(String name) {
            this.name = name;
        }
    }

    /// A column as one file tells of it.
    ///
    /// @param type null where the file knows of no value
    private record Told(String name, int position, ColumnType type, Role role) {}

    SchemaOrder(TableId table) {
        this.table = table;
    }

    /// A file that Arc wrote.
    void own(FoundFile found) {
        FileOrigin origin = found.origin().orElseThrow();
        List<Told> told = new ArrayList<>();
        List<ColumnStats> columns = found.file().columns();
        for (int i = 0; i < columns.size(); i++) {
            ColumnStats column = columns.get(i);
            ColumnType type = column.type();
            int position = Integer.MAX_VALUE;
            if (!origin.columns().isEmpty()) {
                position = origin.columns().get(i).position();
                type = origin.columns().get(i).type().orElse(type);
            }
            told.add(new Told(column.name(), position, type, origin.tags().contains(column.name()) ? Role.TAG : Role.FIELD));
        }
        for (FileOrigin.AbsentColumn absent : origin.absent()) {
            told.add(new Told(absent.column().name(), absent.position(), absent.typed() ? absent.column().type() : null,
                    absent.column().role()));
        }
        told.sort(Comparator.comparingInt(Told::position));
        Map<Node, ColumnType> types = new LinkedHashMap<>();
        for (Told each : told) {
            types.put(nodes.computeIfAbsent(each.name(), Node::new), each.type());
        }
        join(types);
        Node previous = null;
        for (Told each : told) {
            Node node = nodes.get(each.name());
            node.position = Math.min(node.position, each.position());
            if (each.role() == Role.TAG) {
                node.role = Role.TAG;
            }
            if (previous != null && previous.after.add(node)) {
                node.before++;
            }
            previous = node;
        }
    }

    /// A file of another program. To be called after all [#own].
    ///
    /// @throws ArcException TYPE_CONFLICT, and nothing has changed, when a column's type and the table's have no common one
    void foreign(FoundFile found) {
        Map<Node, ColumnType> types = new LinkedHashMap<>();
        List<Node> fresh = new ArrayList<>();
        for (ColumnStats column : found.file().columns()) {
            Node node = nodes.get(column.name());
            if (node == null) {
                node = new Node(column.name());
                fresh.add(node);
            }
            types.put(node, column.type());
        }
        join(types);
        for (Node node : fresh) {
            nodes.put(node.name, node);
            appended.add(node);
        }
    }

    private void join(Map<Node, ColumnType> types) {
        Map<Node, ColumnType> joined = new HashMap<>();
        types.forEach((node, type) -> {
            if (type != null) {
                joined.put(node, node.type == null ? type : node.type.join(type).orElseThrow(() -> new ArcException(
                        ErrorCode.TYPE_CONFLICT, "its column '" + node.name + "' is " + type + ", and table " + table + " has "
                                + node.type + " there, which have no common type")));
            }
        });
        joined.forEach((node, type) -> node.type = type);
    }

    TableSchema schema() {
        List<ColumnSchema> columns = new ArrayList<>(nodes.size());
        Set<String> untyped = new HashSet<>();
        for (Node node : ordered()) {
            columns.add(new ColumnSchema(node.name, node.type == null ? ColumnType.TEXT : node.type, node.role));
            if (node.type == null) {
                untyped.add(node.name);
            }
        }
        return new TableSchema(columns, untyped);
    }

    private List<Node> ordered() {
        Comparator<Node> byPlace = Comparator.<Node>comparingInt(node -> node.position).thenComparing(node -> node.name);
        List<Node> own = new ArrayList<>(nodes.values());
        own.removeAll(new HashSet<>(appended));
        own.sort(byPlace);
        PriorityQueue<Node> free = new PriorityQueue<>(byPlace);
        own.stream().filter(node -> node.before == 0).forEach(free::add);
        List<Node> ordered = new ArrayList<>(nodes.size());
        int next = 0;
        while (ordered.size() < own.size()) {
            Node node = free.poll();
            if (node == null) {
                // Only files of two servers, brought together by hand, can contradict each other.
                while (own.get(next).placed) {
                    next++;
                }
                node = own.get(next);
            }
            if (!node.placed) {
                node.placed = true;
                ordered.add(node);
                for (Node later : node.after) {
                    if (--later.before == 0) {
                        free.add(later);
                    }
                }
            }
        }
        ordered.addAll(appended);
        return ordered;
    }
}
