package io.arc.runtime.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.api.data.ColumnType;
import io.arc.api.data.TableId;
import io.arc.runtime.catalog.ColumnSchema;
import io.arc.runtime.catalog.ColumnStats;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.FileOrigin;
import io.arc.runtime.catalog.FileOrigin.Part;
import io.arc.runtime.catalog.FileOrigin.Place;
import io.arc.runtime.catalog.RebuiltCatalog;
import io.arc.runtime.catalog.WalRange;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// Each rule by which files count or do not, in the smallest storage that shows it.
final class TableJudgementTest {
    private static final TableId CPU = new TableId("prod", "cpu");
    private static final Map<String, Long> NO_LOG = Map.of();
    private static final Map<String, Long> WHOLE_LOG = Map.of("w", 1L);

    private final List<FoundFile> files = new ArrayList<>();
    private long now;

    private static DataFile file(String key, List<WalRange> coverage, long modified, String... columns) {
        return new DataFile(CPU, key, 100, 10, 0, 1, 0, coverage, Arrays.stream(columns)
                .map(name -> new ColumnStats(name, ColumnType.INT64, 0, ColumnStats.Bounds.NONE)).toList(), modified);
    }

    private void flush(String key, String id, int part, int parts, long first, long last) {
        List<WalRange> coverage = List.of(new WalRange("w", first, last));
        files.add(new FoundFile(file(key, coverage, ++now), Optional.of(new FileOrigin(coverage, Optional.of(new Part(id, part, parts)),
                Set.of(), List.of(), List.of(), List.of(), List.of(), 0))));
    }

    private void merge(String key, String id, int part, int parts, List<String> replaces, List<String> before, long first, long last) {
        List<WalRange> coverage = List.of(new WalRange("w", first, last));
        files.add(new FoundFile(file(key, coverage, ++now), Optional.of(new FileOrigin(coverage, Optional.of(new Part(id, part, parts)),
                Set.of(), List.of(), List.of(), replaces, before, 1))));
    }

    private Set<String> kept(Map<String, Long> log) {
        return judge(log).files().stream().map(DataFile::key).collect(Collectors.toSet());
    }

    private RebuiltCatalog.Table judge(Map<String, Long> log) {
        TableJudgement judgement = new TableJudgement(CPU, log);
        RebuiltCatalog.Table table = judgement.judge(files);
        assertThat(table.files().size() + judgement.passed().size()).as("every file is judged once").isEqualTo(files.size());
        return table;
    }

    @Test
    void aMergeReplacesItsInputs() {
        flush("a", "f1", 1, 1, 1, 5);
        flush("b", "f2", 1, 1, 6, 9);
        merge("m", "m1", 1, 1, List.of("a", "b"), List.of(), 1, 9);
        assertThat(kept(WHOLE_LOG)).containsExactly("m");
    }

    @Test
    void anUnfinishedMergeDoesNotCountWhileItsInputsAreThere() {
        flush("a", "f1", 1, 1, 1, 5);
        flush("b", "f2", 1, 1, 6, 9);
        merge("m-1", "m1", 1, 2, List.of("a", "b"), List.of(), 1, 9);
        assertThat(kept(WHOLE_LOG)).containsExactlyInAnyOrder("a", "b");
    }

    /// One of the outputs was deleted by retention, one input is deleted already, the other not yet.
    @Test
    void aMergeWithAMissingPartCountsWhenAnInputIsGone() {
        flush("b", "f2", 1, 1, 6, 9);
        merge("m-1", "m1", 1, 2, List.of("a", "b"), List.of(), 1, 9);
        assertThat(kept(WHOLE_LOG)).containsExactly("m-1");
    }

    /// The older merge was never committed, and could not be deleted; the younger took one of its inputs.
    @Test
    void ofTwoMergesOfOneInputTheYoungerCounts() {
        flush("a", "f1", 1, 1, 1, 5);
        flush("b", "f2", 1, 1, 6, 9);
        merge("old", "m1", 1, 1, List.of("a", "b"), List.of(), 1, 9);
        flush("c", "f3", 1, 1, 10, 12);
        merge("young", "m2", 1, 1, List.of("a", "c"), List.of(), 1, 12);
        assertThat(kept(WHOLE_LOG)).containsExactlyInAnyOrder("young", "b");
    }

    @Test
    void aMergeOfMergesIsJudgedBeforeThemWhateverTheClockSays() {
        flush("a", "f1", 1, 1, 1, 5);
        merge("day", "m2", 1, 1, List.of("hour"), List.of("a"), 1, 5);
        merge("hour", "m1", 1, 1, List.of("a"), List.of(), 1, 5);
        assertThat(kept(WHOLE_LOG)).containsExactly("day");
    }

    /// The hour's object is deleted, an input of it is not: only the day still tells that it is dead.
    @Test
    void whatAnInputHadReplacedStaysReplaced() {
        flush("a", "f1", 1, 1, 1, 5);
        merge("day", "m2", 1, 1, List.of("hour"), List.of("a"), 1, 5);
        assertThat(kept(WHOLE_LOG)).containsExactly("day");
    }

    /// A merge had two outputs, of which one was merged again. The other has rows that nothing else has.
    @Test
    void theOtherOutputOfAMergeThatWasMergedAgainStays() {
        flush("a", "f1", 1, 1, 1, 5);
        merge("m-2", "m1", 2, 2, List.of("a"), List.of(), 1, 5);
        merge("day", "m2", 1, 1, List.of("m-1"), List.of("a"), 1, 5);
        assertThat(kept(WHOLE_LOG)).containsExactlyInAnyOrder("m-2", "day");
    }

    @Test
    void filesThatReplaceEachOtherAreNotGivenUp() {
        merge("x", "m1", 1, 1, List.of("y"), List.of(), 1, 5);
        merge("y", "m2", 1, 1, List.of("x"), List.of(), 1, 5);
        assertThat(kept(WHOLE_LOG)).containsExactlyInAnyOrder("x", "y");
    }

    /// Part 1 of the flush was merged and is deleted.
    @Test
    void aFlushOfWhichAMergeTookAPartIsWhole() {
        flush("f-2", "f1", 2, 2, 1, 5);
        merge("m", "m1", 1, 1, List.of("f-1", "b"), List.of(), 1, 9);
        assertThat(kept(WHOLE_LOG)).containsExactlyInAnyOrder("f-2", "m");
    }

    @Test
    void aCutOffFlushComesFromTheLogIfThatReachesBackToIt() {
        flush("f-2", "f1", 2, 2, 3, 5);
        assertThat(kept(Map.of("w", 3L))).isEmpty();
        assertThat(kept(Map.of("w", 4L))).containsExactly("f-2");
        assertThat(kept(Map.of("v", 1L))).containsExactly("f-2");
        assertThat(kept(NO_LOG)).containsExactly("f-2");
    }

    @Test
    void ofTwoFlushesOfTheSameFramesTheYoungerCounts() {
        flush("old", "f1", 1, 1, 1, 5);
        flush("young", "f2", 1, 1, 4, 8);
        flush("other", "f3", 1, 1, 9, 9);
        assertThat(kept(NO_LOG)).containsExactlyInAnyOrder("young", "other");
        assertThat(judge(NO_LOG).coverage()).containsExactly(new WalRange("w", 4, 9));
    }

    @Test
    void aCopyInTheSameTableCountsOnce() {
        flush("f", "f1", 1, 1, 1, 5);
        flush("copy", "f1", 1, 1, 1, 5);
        assertThat(kept(NO_LOG)).hasSize(1);
    }

    /// Columns keep the places of their first arrival, also where no file has all of them, and after gaps were closed.
    @Test
    void columnsKeepTheirOrder() {
        columns("1", List.of(0, 3), "z", "b");
        columns("2", List.of(2), "m");
        columns("3", List.of(1), "y");
        assertThat(names()).containsExactly("z", "y", "m", "b");
    }

    /// The first file is from before a rebuild that closed a gap at place 1, the second from after it.
    @Test
    void columnsKeepTheirOrderOverClosedGaps() {
        columns("1", List.of(0, 2), "z", "c");
        columns("2", List.of(0, 1, 2), "z", "c", "a");
        assertThat(names()).containsExactly("z", "c", "a");
    }

    /// No file says places: the files' own orders are all there is.
    @Test
    void withoutPlacesTheFilesOrderCounts() {
        columns("1", List.of(), "z", "b");
        columns("2", List.of(), "b", "a");
        assertThat(names()).containsExactly("z", "b", "a");
    }

    /// Only files of two servers can do that; nothing may hang or be lost.
    @Test
    void contradictingOrdersLoseNothing() {
        columns("1", List.of(0, 1, 2), "a", "b", "c");
        columns("2", List.of(0, 1, 2), "c", "b", "a");
        assertThat(names()).containsExactlyInAnyOrder("a", "b", "c");
    }

    private void columns(String key, List<Integer> places, String... names) {
        now++;
        List<WalRange> coverage = List.of(new WalRange("w", now, now));
        files.add(new FoundFile(file(key, coverage, now, names), Optional.of(new FileOrigin(coverage,
                Optional.of(new Part("f" + now, 1, 1)), Set.of(), places.stream().map(place -> new Place(place, Optional.empty())).toList(),
                List.of(), List.of(), List.of(), 0))));
    }

    private List<String> names() {
        return judge(NO_LOG).schema().columns().stream().map(ColumnSchema::name).toList();
    }
}
