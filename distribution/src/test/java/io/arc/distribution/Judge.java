package io.arc.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.distribution.InstalledArc.Server;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Holds what a server answers against what writers were told.
final class Judge {
    private static final Pattern FIGURES = Pattern.compile("\\[(-?\\d+),(-?\\d+),(-?\\d+),(-?\\d+),(-?\\d+),(-?\\d+),(-?\\d+),(-?\\d+)\\]");

    /// Figures of one look at all tables. All but the first four are faults.
    ///
    /// @param batches acknowledged ones, all of which have to be there
    /// @param unknown ones without an answer that are there, wholly
    /// @param doubled batches of which a row is there more than once
    /// @param phantom batches that nobody sent
    /// @param torn ones of which only a part is there
    /// @param wrong ones with other cells than sent
    record Verdict(long batches, long unknown, long rows, long attempted, List<Batch> lost, List<Batch> doubled, List<Batch> phantom,
            List<Batch> torn, List<Batch> wrong) {
        String figures() {
            return batches + " acknowledged batches, " + rows + " rows, " + unknown + " of " + (attempted - batches)
                    + " batches without an answer; lost " + lost.size() + ", doubled " + doubled.size() + ", phantom "
                    + phantom.size() + ", torn " + torn.size() + ", wrong " + wrong.size();
        }

        Verdict requireClean(String when) {
            assertThat(lost).as("%s: acknowledged and not there (%s)", when, figures()).isEmpty();
            assertThat(doubled).as("%s: there more than once (%s)", when, figures()).isEmpty();
            assertThat(phantom).as("%s: there and never sent (%s)", when, figures()).isEmpty();
            assertThat(torn).as("%s: there in part (%s)", when, figures()).isEmpty();
            assertThat(wrong).as("%s: there with other cells (%s)", when, figures()).isEmpty();
            return this;
        }
    }

    private Judge() {}

    /// @param server one to which nobody writes at the moment
    static Verdict look(Server server, AckLog.Contents log) throws IOException, InterruptedException {
        assertThat(log.refused()).as("writes that were refused").isEmpty();
        List<Batch> doubled = new ArrayList<>();
        List<Batch> phantom = new ArrayList<>();
        List<Batch> torn = new ArrayList<>();
        List<Batch> wrong = new ArrayList<>();
        // By batch the bits of the tables in which it is as it should be.
        Map<Batch, Integer> found = new HashMap<>();
        long rows = 0;
        for (String database : Batch.DATABASES) {
            String known = server.query(database, "SHOW DATABASES").contains("\"" + database + "\"")
                    ? server.query(database, "SHOW TABLES FROM \"" + database + "\"") : "";
            for (int table = 0; table < Batch.TABLES; table++) {
                if (!known.contains("\"" + Batch.tableName(table) + "\"")) {
                    continue;
                }
                String answer = server.query(database, "SELECT CAST(substr(writer, 2) AS BIGINT) AS w, batch, count(*),"
                        + " count(DISTINCT row), CAST(sum(row) AS BIGINT), CAST(sum(hash) AS BIGINT), CAST(sum(epoch_us(time) - "
                        + Batch.BASE_MICROS + ") AS BIGINT), count(*) FILTER (half = row / 2) FROM " + Batch.tableName(table)
                        + " GROUP BY ALL");
                Matcher each = FIGURES.matcher(answer);
                while (each.find()) {
                    Batch batch = new Batch(Integer.parseInt(each.group(1)), Integer.parseInt(each.group(2)));
                    int count = Integer.parseInt(each.group(3));
                    int distinct = Integer.parseInt(each.group(4));
                    rows += count;
                    BitSet sent = log.attempted().getOrDefault(batch.writer(), new BitSet());
                    Batch.Sums sums = batch.sums(table);
                    if (!sent.get(batch.number()) || !batch.database().equals(database)) {
                        phantom.add(batch);
                    } else if (count > distinct) {
                        doubled.add(batch);
                    } else if (count < sums.rows()) {
                        torn.add(batch);
                    } else if (!sums.equals(new Batch.Sums(count, Long.parseLong(each.group(5)), Long.parseLong(each.group(6)),
                            Long.parseLong(each.group(7)))) || Integer.parseInt(each.group(8)) != count) {
                        wrong.add(batch);
                    } else {
                        found.merge(batch, 1 << table, (a, b) -> a | b);
                    }
                }
                assertThat(answer.replaceAll(FIGURES.pattern(), "").replaceAll("[\\[\\], ]", ""))
                        .as("what else %s.%s answers", database, Batch.tableName(table)).isEmpty();
            }
        }
        List<Batch> lost = new ArrayList<>();
        long[] unknown = {0};
        log.attempted().forEach((writer, numbers) -> {
            BitSet acknowledged = log.acknowledged().getOrDefault(writer, new BitSet());
            numbers.stream().forEach(number -> {
                Batch batch = new Batch(writer, number);
                int due = 0;
                for (int table = 0; table < Batch.TABLES; table++) {
                    due |= batch.sums(table).rows() > 0 ? 1 << table : 0;
                }
                int is = found.getOrDefault(batch, 0);
                if (acknowledged.get(number)) {
                    if (is != due) {
                        lost.add(batch);
                    }
                } else if (is == due) {
                    unknown[0]++;
                } else if (is != 0) {
                    torn.add(batch);
                }
            });
        });
        return new Verdict(log.acknowledgements(), unknown[0], rows, log.attempts(), lost, doubled, phantom, torn, wrong);
    }
}
