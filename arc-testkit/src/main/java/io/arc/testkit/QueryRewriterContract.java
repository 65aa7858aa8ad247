package io.arc.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.QueryRewriter;
import io.arc.api.spi.QueryRewriter.ParsedQuery;
import io.arc.api.spi.QueryRewriter.Rewrite;
import io.arc.api.spi.QueryRewriter.Stage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What every query rewriter does: the same to the same statement, from any thread, and nothing worse than a refusal to a
/// statement that it does not understand. That a replacement means what it should is for the plugin's own tests.
public abstract class QueryRewriterContract {
    private static final int THREADS = 4;
    private static final int DAMAGED_TREES = 2_000;

    @TempDir
    private Path directory;

    private QueryRewriter plugin;
    private Stage stage;

    /// A new instance of the plugin's class.
    protected abstract QueryRewriter newRewriter();

    /// Statements as the server parses them, among them some that the rewriter replaces.
    protected abstract List<ParsedQuery> queries();

    /// The plugin's settings, by short names.
    protected Map<String, String> settings() {
        return Map.of();
    }

    @BeforeEach
    final void openRewriter() {
        plugin = newRewriter();
        stage = plugin.open(new TestPluginContext(plugin, directory, settings()));
    }

    @AfterEach
    final void closeRewriter() {
        stage.close();
    }

    @Test
    final void describe_1_nameAndOrderAreSteady() {
        assertThat(plugin.name()).matches("[a-z][a-z0-9-]*").isEqualTo(newRewriter().name());
        assertThat(plugin.order()).isEqualTo(newRewriter().order());
    }

    @Test
    final void rewrite_1_someStatementIsReplacedAndReplacementsAreText() {
        int replaced = 0;
        for (ParsedQuery query : queries()) {
            if (stage.rewrite(query) instanceof Rewrite.Replaced(String sql)) {
                assertThat(sql).as(query.sql()).isNotBlank().isNotEqualTo(query.sql());
                replaced++;
            }
        }
        assertThat(replaced).as("statements of queries() that are replaced").isPositive();
    }

    @Test
    final void rewrite_2_theSameStatementGivesTheSame() {
        for (ParsedQuery query : queries()) {
            assertThat(stage.rewrite(query)).as(query.sql()).isEqualTo(stage.rewrite(query));
        }
    }

    @Test
    final void rewrite_3_refusalsSayWhatAndWhere() {
        for (ParsedQuery query : queries()) {
            if (stage.rewrite(query) instanceof Rewrite.Rejected rejected) {
                assertThat(rejected.message()).as(query.sql()).isNotBlank();
                assertThat(rejected.position()).as(query.sql()).isBetween(-1, query.sql().length());
                assertThat(rejected.code().category()).as(query.sql()).isNotEqualTo(ErrorCode.Category.INTERNAL);
            }
        }
    }

    /// The next version of the engine may write its trees otherwise.
    @Test
    final void rewrite_4_aTreeThatIsNotUnderstoodIsNoFailure() {
        Random random = TestSeed.random();
        List<ParsedQuery> queries = queries();
        for (int i = 0; i < DAMAGED_TREES; i++) {
            ParsedQuery query = queries.get(random.nextInt(queries.size()));
            StringBuilder tree = new StringBuilder(query.syntaxTree());
            for (int change = random.nextInt(4); change >= 0 && !tree.isEmpty(); change--) {
                int at = random.nextInt(tree.length());
                switch (random.nextInt(3)) {
                    case 0 -> tree.deleteCharAt(at);
                    case 1 -> tree.setCharAt(at, "{}[]\",:0-9naz\\u".charAt(random.nextInt(15)));
                    default -> tree.setLength(at);
                }
            }
            try {
                stage.rewrite(new ParsedQuery(query.sql(), tree.toString(), query.defaultDatabase(), query.tables()));
            } catch (ArcException refused) {
                assertThat(refused.getMessage()).isNotBlank();
            } catch (RuntimeException | Error escaped) {
                throw new AssertionError("only ArcException may escape a rewriter; " + TestSeed.text() + ", tree " + tree,
                        escaped);
            }
        }
    }

    @Test
    final void threads_1_callsDoNotDisturbEachOther() throws Exception {
        List<ParsedQuery> queries = queries();
        List<Rewrite> expected = queries.stream().map(stage::rewrite).toList();
        try (ExecutorService executor = Executors.newFixedThreadPool(THREADS)) {
            List<Future<?>> results = new ArrayList<>();
            for (int thread = 0; thread < THREADS; thread++) {
                results.add(executor.submit(() -> {
                    for (int round = 0; round < 50; round++) {
                        assertThat(queries.stream().map(stage::rewrite).toList()).isEqualTo(expected);
                    }
                }));
            }
            for (Future<?> result : results) {
                result.get();
            }
        }
    }
}
