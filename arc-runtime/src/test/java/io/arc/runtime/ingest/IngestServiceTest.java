package io.arc.runtime.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Column.BooleanColumn;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.api.data.Validity;
import io.arc.api.spi.ByteSlice;
import io.arc.api.spi.Health;
import io.arc.api.spi.IngestProtocol.Decoder;
import io.arc.api.spi.IngestProtocol.Ingest;
import io.arc.api.spi.IngestProtocol.Parameters;
import io.arc.api.spi.IngestProtocol.Sink;
import io.arc.runtime.buffer.Buffers;
import io.arc.runtime.buffer.MemoryBudget;
import io.arc.runtime.buffer.TestBatches;
import io.arc.runtime.catalog.CatalogSnapshot;
import io.arc.runtime.catalog.SchemaRegistry;
import io.arc.runtime.ingest.WriteReceipt.Rejection;
import io.arc.runtime.metrics.Metrics;
import io.arc.runtime.wal.Journal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class IngestServiceTest {
    private static final TableId CPU = new TableId("prod", "cpu");

    private final MemoryBudget memory = new MemoryBudget(100_000);
    private final Buffers buffers = new Buffers(memory, () -> Instant.EPOCH);
    private final SchemaRegistry schemas = new SchemaRegistry(CatalogSnapshot.EMPTY, 10,
            name -> name.startsWith("!") ? Optional.of("starts with an exclamation mark.") : Optional.empty());
    private final TestJournal journal = new TestJournal();
    private final Metrics metrics = new Metrics();
    private final Words protocol = new Words();
    private final IngestService.Decoders decoders = new IngestService.Decoders(protocol);

    /// Commits on a thread of its own, in order, or fails as told.
    private static final class TestJournal implements Journal {
        private final ExecutorService thread = Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().factory());
        private long sequence;
        volatile Throwable onAppend;
        volatile ArcException onCommit;

        @Override
        public AckLevel ackLevel() {
            return AckLevel.WRITTEN;
        }

        @Override
        public void append(byte[] payload, Commit commit) {
            switch (onAppend) {
                case RuntimeException failure -> throw failure;
                case Error failure -> throw failure;
                case null, default -> { }
            }
            thread.execute(() -> {
                if (onCommit != null) {
                    commit.failed(onCommit);
                } else {
                    commit.committed("w", ++sequence);
                }
            });
        }

        @Override
        public void release(String writer, long throughSequence) {}

        @Override
        public Health health() {
            return Health.UP;
        }

        @Override
        public void close() {}
    }

    /// A protocol of words: `5` is a row with that id, `x:5` one of table x, `f` a row whose id is a flag, `twice` one with two
    /// ids, `!` one with a bad column name, `0` no row, `?` a bad record, `#` a body that cannot be decoded, `$` a defect.
    private static final class Words implements Ingest {
        final AtomicInteger made = new AtomicInteger();

        @Override
        public Decoder newDecoder() {
            made.incrementAndGet();
            return Words::decode;
        }

        private static void decode(ByteSlice body, Parameters parameters, Sink sink) {
            int record = 0;
            for (String word : new String(body.array(), body.offset(), body.length(), StandardCharsets.UTF_8).split(" ")) {
                record++;
                switch (word) {
                    case "" -> { }
                    case "?" -> sink.reject(record, 2 * record, "is a question");
                    case "#" -> throw new ArcException(ErrorCode.MALFORMED_PAYLOAD, "cut");
                    case "$" -> throw new IllegalStateException("defect");
                    case "f" -> sink.accept(TestBatches.batch(CPU, 1, new BooleanColumn("id", Role.FIELD, new boolean[1],
                            Validity.ALL_PRESENT)));
                    case "twice" -> sink.accept(TestBatches.batch(CPU, 1, TestBatches.longs("id", 1), TestBatches.longs("id", 1)));
                    case "!" -> sink.accept(TestBatches.batch(CPU, 1, TestBatches.longs("!", 1)));
                    case "0" -> sink.accept(new ColumnBatch(CPU, 0, new long[0], List.of()));
                    default -> {
                        int colon = word.lastIndexOf(':');
                        sink.accept(TestBatches.ids(new TableId("prod", colon < 0 ? "cpu" : word.substring(0, colon)), 1,
                                Long.parseLong(word.substring(colon + 1)), 1));
                    }
                }
            }
        }
    }

    private static final Parameters NONE = new Parameters() {
        @Override
        public Optional<String> find(String name) {
            return Optional.empty();
        }

        @Override
        public String database() {
            return "prod";
        }

        @Override
        public long receivedMicros() {
            return 0;
        }
    };

    private IngestService service(boolean sanitize, boolean refusePartial) {
        return new IngestService(schemas, journal, buffers, memory, new IngestOptions(sanitize, refusePartial), metrics);
    }

    private WriteReceipt write(IngestService service, String words) {
        return service.write(decoders, ByteSlice.of(words.getBytes(StandardCharsets.UTF_8)), NONE);
    }

    private List<Long> stored(TableId table) {
        return TestBatches.idsOf(TestBatches.batches(buffers.hot(table)));
    }

    private void assertNothingKept() {
        assertThat(buffers.status()).isEmpty();
        assertThat(memory.usedBytes()).isZero();
        assertThat(metrics.counter("arc_ingest_records_total", "", "").value()).isZero();
    }

    @Test
    void acknowledgedRowsAreReadable() {
        WriteReceipt receipt = write(service(false, false), "1 2 mem:3");
        assertThat(receipt).isEqualTo(new WriteReceipt(3, 0, List.of(), "written", "w:1"));
        assertThat(stored(CPU)).containsExactly(1L, 2L);
        assertThat(stored(new TableId("prod", "mem"))).containsExactly(3L);
        assertThat(memory.usedBytes()).isEqualTo(3 * TestBatches.ids(CPU, 1, 1, 1).retainedBytes());
        assertThat(write(service(false, false), "")).isEqualTo(new WriteReceipt(0, 0, List.of(), "written", ""));
        assertThat(write(service(false, false), "0").position()).isEmpty();
    }

    @Test
    void refusedRequestsStoreNothing() {
        IngestService service = service(false, false);
        for (String body : List.of("1 #", "1 twice", "1 !", "1 bad/name:2", "f 1")) {
            assertThatThrownBy(() -> write(service, body)).as(body).isInstanceOf(ArcException.class);
            assertNothingKept();
            assertThat(schemas.find(CPU)).as(body).isEmpty();
        }
        assertThatThrownBy(() -> write(service, "1 $")).isInstanceOf(IllegalStateException.class);
        assertNothingKept();
        assertThat(write(service, "1").rowCount()).isEqualTo(1);
        assertThat(metrics.counter("arc_ingest_errors_total", "", "").value()).isEqualTo(6);
    }

    @Test
    void badRecordsAreLeftOutOrRefuseAll() {
        assertThat(write(service(false, false), "1 ? 3 ?"))
                .isEqualTo(new WriteReceipt(2, 2, List.of(new Rejection(2, 4, "is a question"), new Rejection(4, 8, "is a question")),
                        "written", "w:1"));
        assertThat(write(service(false, false), "? ".repeat(30))).satisfies(receipt -> {
            assertThat(receipt.rowCount()).isZero();
            assertThat(receipt.rejectedCount()).isEqualTo(30);
            assertThat(receipt.firstRejections()).hasSize(10);
        });
        long before = memory.usedBytes();
        assertThatThrownBy(() -> write(service(false, true), "5 ? 6")).isInstanceOf(ArcException.class)
                .hasMessageContaining("nothing was stored").hasMessageContaining("record 2: is a question");
        assertThat(memory.usedBytes()).isEqualTo(before);
        assertThat(stored(CPU)).containsExactly(1L, 3L);
    }

    @Test
    void tableNamesAreRepairedWhenConfigured() {
        write(service(true, false), "my.table:7");
        assertThat(schemas.tables()).hasSize(1).allSatisfy(table -> {
            assertThat(table.table()).doesNotContain(".");
            assertThat(stored(table)).containsExactly(7L);
        });
    }

    @Test
    void theMemoryOfWhatIsNotKeptIsGivenBack() {
        IngestService service = service(false, false);
        for (Throwable failure : List.of(new ArcException(ErrorCode.OVERLOADED, "the log is behind"),
                new IllegalStateException("defect"), new StackOverflowError("deep"))) {
            journal.onAppend = failure;
            assertThatThrownBy(() -> write(service, "1")).isSameAs(failure);
            assertNothingKept();
        }
        journal.onAppend = null;
        for (ErrorCode code : List.of(ErrorCode.STORAGE_UNAVAILABLE, ErrorCode.STORAGE_OUTCOME_UNKNOWN)) {
            journal.onCommit = new ArcException(code, "the disk is full");
            assertThatThrownBy(() -> write(service, "1")).isInstanceOf(ArcException.class).hasMessage("the disk is full")
                    .extracting(failed -> ((ArcException) failed).code()).isEqualTo(code);
            assertNothingKept();
        }
        journal.onCommit = null;
        write(service, "1");
        assertThat(stored(CPU)).containsExactly(1L);
    }

    @Test
    void fullMemoryRefusesUntilAFlushGivesSomeBack() {
        IngestService service = service(false, false);
        long next = 0;
        while (memory.usedBytes() + 500 < memory.limitBytes()) {
            write(service, Long.toString(next++));
        }
        long full = memory.usedBytes();
        String large = "9 ".repeat(200);
        assertThatThrownBy(() -> write(service, large)).isInstanceOf(ArcException.class).hasMessageContaining("ingest.memory_limit")
                .extracting(refused -> ((ArcException) refused).code()).isEqualTo(ErrorCode.OVERLOADED);
        assertThat(memory.usedBytes()).isEqualTo(full);
        buffers.release(buffers.seal(CPU).orElseThrow());
        assertThat(memory.usedBytes()).isZero();
        assertThat(write(service, large).rowCount()).isEqualTo(200);
    }

    @Test
    void anInterruptDoesNotEndTheWait() {
        Thread.currentThread().interrupt();
        WriteReceipt receipt = write(service(false, false), "1");
        assertThat(Thread.interrupted()).isTrue();
        assertThat(receipt.rowCount()).isEqualTo(1);
    }

    @Test
    void writesFromManyThreadsAreAllKeptOnce() throws Exception {
        IngestService service = service(false, false);
        int threads = 6;
        int each = 50;
        TreeSet<Long> expected = new TreeSet<>();
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> all = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int thread = t;
                for (int i = 0; i < each; i++) {
                    expected.add(thread * 1000L + i + 1);
                }
                all.add(pool.submit(() -> {
                    for (int i = 0; i < each; i++) {
                        write(service, Long.toString(thread * 1000L + i + 1));
                        assertThat(stored(CPU)).contains(thread * 1000L + i + 1);
                    }
                }));
            }
            for (Future<?> future : all) {
                future.get(60, TimeUnit.SECONDS);
            }
        }
        assertThat(stored(CPU)).hasSize(threads * each);
        assertThat(new TreeSet<>(stored(CPU))).isEqualTo(expected);
        assertThat(protocol.made.get()).as("decoders are used again").isLessThanOrEqualTo(threads);
        assertThat(memory.usedBytes()).isEqualTo(buffers.status(CPU).orElseThrow().activeBytes());
    }
}
