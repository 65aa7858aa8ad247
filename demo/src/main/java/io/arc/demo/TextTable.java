package io.arc.demo;

import java.io.PrintStream;
import java.util.List;

/// Prints rows under a header, columns as wide as their widest cell, numbers to the right.
final class TextTable {
    private TextTable() {}

    static void print(PrintStream out, List<List<String>> rows) {
        if (rows.isEmpty()) {
            out.println("  (no columns)");
            return;
        }
        int columns = rows.getFirst().size();
        int[] widths = new int[columns];
        boolean[] numeric = new boolean[columns];
        for (int column = 0; column < columns; column++) {
            numeric[column] = rows.size() > 1;
            for (int row = 0; row < rows.size(); row++) {
                String cell = rows.get(row).get(column);
                widths[column] = Math.max(widths[column], cell.length());
                numeric[column] &= row == 0 || cell.isEmpty() || cell.matches("-?[0-9]+(\\.[0-9]+)?");
            }
        }
        for (int row = 0; row < rows.size(); row++) {
            StringBuilder line = new StringBuilder(" ");
            for (int column = 0; column < columns; column++) {
                String cell = rows.get(row).get(column);
                String blanks = " ".repeat(widths[column] - cell.length());
                line.append(' ').append(numeric[column] ? blanks + cell : cell + blanks).append(' ');
            }
            out.println(line.toString().stripTrailing());
            if (row == 0) {
                StringBuilder rule = new StringBuilder(" ");
                for (int width : widths) {
                    rule.append(' ').append("-".repeat(width)).append(' ');
                }
                out.println(rule.toString().stripTrailing());
            }
        }
        if (rows.size() == 1) {
            out.println("  (no rows)");
        }
    }
}
